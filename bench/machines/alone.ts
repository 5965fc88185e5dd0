import { setTimeout as delay } from 'node:timers/promises'
import type { Row } from '../scenario.ts'
import type { LabMachines, MachineName } from './lab-machines.ts'

const IDLE_SECONDS = 60

/** What only Cairn is asked. */
export const ALONE: readonly Row[] = [
  {
    id: 'idle-memory',
    title: 'memory of an idle machine without control (PSS)',
    unit: 'MB',
    better: 'lower',
    goal: { atMost: 120 },
  },
  { id: 'idle-wire', title: 'an idle machine on the wire', unit: 'kB/s', better: 'lower', goal: { atMost: 2 } },
]

/** Measures them on the lab, whose third machine holds no copies. */
export async function measureAlone(
  lab: LabMachines,
  record: (rowId: string, value: number) => void,
  signal: AbortSignal,
): Promise<void> {
  await delay(30_000, undefined, { signal }) // what was written is sealed, and nothing is under way
  const before = await wireBytes(lab, 'm2')
  await delay(IDLE_SECONDS * 1000, undefined, { signal })
  record('idle-wire', (await wireBytes(lab, 'm2')) - before)
  record('idle-memory', await memoryMb(lab, 'm2'))
}

// Kilobytes a second over IDLE_SECONDS, both ways.
async function wireBytes(lab: LabMachines, machine: MachineName): Promise<number> {
  const said = await lab.sh(machine, 'awk \'/eth0:/ { printf "%.0f", $2 + $10 }\' /proc/net/dev')
  return Number(said.trim()) / 1000 / IDLE_SECONDS
}

async function memoryMb(lab: LabMachines, machine: MachineName): Promise<number> {
  const script =
    "cat $(grep -lz cairn.ts /proc/[0-9]*/cmdline | sed 's/cmdline/smaps_rollup/') | awk '/^Pss:/ { sum += $2 } END { print sum }'"
  return (Number((await lab.sh(machine, script)).trim()) * 1024) / 1e6
}
