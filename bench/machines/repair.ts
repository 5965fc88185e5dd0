import type { Row } from '../scenario.ts'
import type { LabMachines } from './lab-machines.ts'
import type { LabTarget } from './lab-target.ts'
import type { LabSizes } from './scenarios.ts'

const MIB = 1 << 20
const SECONDS_MAX = 900
/** Of what was lost: when to begin, and to end; who waits before it begins, and looks at everything in the end, is not slower for that. */
const [FROM, TO] = [0.05, 0.95]

/** Copies on a machine that has lost its disk. */
export const REPAIR: Row = {
  id: 'repair',
  title: 'copies made again after a disk was lost',
  unit: 'MiB/s',
  better: 'higher',
  goal: { peers: 1 },
}

/** Has the second machine lose what it keeps of a target; answers how fast that comes back, in MiB/s. Undefined: it keeps nothing. */
export async function measureRepair(
  lab: LabMachines,
  { copies, folder }: LabTarget,
  { repairBytes }: LabSizes,
): Promise<number | undefined> {
  if (copies === undefined) return undefined
  await lab.job('m1', 'writeLarge', { path: `${folder}/repair`, bytes: repairBytes })
  await lab.chill()
  const used = `du -sk --exclude=ballast ${copies.folder} 2>/dev/null | cut -f1`
  const lostKib = Number(await lab.sh('m2', used))
  await copies.lose()
  const [from, to] = [FROM, TO].map(part => Math.round(lostKib * part))
  const said = await lab.sh(
    'm2',
    `end=$(($(date +%s) + ${SECONDS_MAX})); begun=
    while [ $(date +%s) -lt $end ]; do
      now="$(date +%s%N) $(${used})"
      [ -n "$begun" ] || [ "\${now#* }" -lt ${from} ] || begun=$now
      [ "\${now#* }" -lt ${to} ] || { echo "$begun $now"; exit; }
      sleep 0.2
    done`,
  )
  const [beganNs, beganKib, endedNs, endedKib] = said.trim().split(' ').map(Number)
  if (beganNs === undefined || beganKib === undefined || endedNs === undefined || endedKib === undefined) {
    throw new Error(`not all copies were there after ${SECONDS_MAX} s`)
  }
  return ((endedKib - beganKib) * 1024) / MIB / ((endedNs - beganNs) / 1e9)
}
