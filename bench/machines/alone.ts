import { setTimeout as delay } from 'node:timers/promises'
import type { Row } from '../scenario.ts'
import type { LabMachines, MachineName } from './lab-machines.ts'
import type { LabSizes } from './scenarios.ts'

const IDLE_SECONDS = 60
const REPAIR_SECONDS_MAX = 900
const MIB = 1 << 20

/** What only Cairn is asked. */
export const ALONE: readonly Row[] = [
  { id: 'repair', title: 'copies made again after a disk was wiped', unit: 'MiB/s', better: 'higher' },
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
  sizes: LabSizes,
  record: (rowId: string, value: number) => void,
  signal: AbortSignal,
): Promise<void> {
  await delay(30_000, undefined, { signal }) // what was written is sealed, and nothing is under way
  const before = await wireBytes(lab, 'm2')
  await delay(IDLE_SECONDS * 1000, undefined, { signal })
  record('idle-wire', (await wireBytes(lab, 'm2')) - before)
  record('idle-memory', await memoryMb(lab, 'm2'))
  await lab.job('m1', 'writeLarge', { path: '/mnt/cairn/repair', bytes: sizes.largeBytes })
  const startMs = performance.now()
  await lab.wipe('m2')
  for (const isMissing of [true, false]) {
    while ((await missingBytes(lab)) > 0 !== isMissing) {
      if (performance.now() - startMs > REPAIR_SECONDS_MAX * 1000) throw new Error('the repair took too long')
      await delay(500, undefined, { signal })
    }
  }
  record('repair', sizes.largeBytes / MIB / ((performance.now() - startMs) / 1000))
}

async function missingBytes(lab: LabMachines): Promise<number> {
  const { copies } = JSON.parse(await lab.on('m1', ['cairn', 'status', '-o', 'json'])) as {
    readonly copies: { readonly missingBytes: number; readonly unknown: readonly string[] }
  }
  return copies.unknown.length > 0 ? Number.POSITIVE_INFINITY : copies.missingBytes
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
