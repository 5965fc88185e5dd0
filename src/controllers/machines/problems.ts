import { type DiskReport, type HeardMachine, type NodeMap, SKEW_DEGRADED_MS, SKEW_STOP_MS } from '#cluster'
import { DISK_NOTHING_PERCENT } from '../limits.ts'
import { fullPercent } from './disks.ts'

/** What keeps a machine from working as it should: a word for programs, and a sentence that stays the same while it lasts. */
export interface MachineProblem {
  readonly reason: 'Duplicate' | 'ClockSkew' | 'DiskFull' | 'DiskFailing' | 'Version'
  readonly message: string
}

/** All that is wrong with a machine that is heard, the worst first. */
export function problemsOf(
  heard: HeardMachine,
  { level, levelMax }: Pick<NodeMap, 'level'> & { readonly levelMax: number },
): readonly MachineProblem[] {
  const { skewMs, report } = heard
  if (report === undefined) return [...duplicates(heard), ...skewProblems(skewMs)]
  return [
    ...duplicates(heard),
    ...report.disks.flatMap(failing),
    ...skewProblems(skewMs),
    ...report.disks.flatMap(full),
    ...versionProblems(report.level, level, levelMax),
  ]
}

function duplicates({ name, seenFrom, duplicate }: HeardMachine): readonly MachineProblem[] {
  if (duplicate === undefined) return []
  const here = seenFrom === undefined ? '' : `, at ${seenFrom}`
  const message = `two machines answer as ${name}: the first${here}, and one at ${duplicate}, which is not let in; a copied disk joins with a data folder and a token of its own`
  return [{ reason: 'Duplicate', message }]
}

function skewProblems(skewMs: number): readonly MachineProblem[] {
  const apart = Math.abs(skewMs)
  if (apart <= SKEW_DEGRADED_MS) return []
  const how = skewMs > 0 ? 'ahead' : 'behind'
  const [much, then] =
    apart > SKEW_STOP_MS ? [SKEW_STOP_MS, ': it may not write until that is put right'] : [SKEW_DEGRADED_MS, '']
  const message = `its clock is over ${much / 1000} s ${how}${then}; let it keep time with an NTP server`
  return [{ reason: 'ClockSkew', message }]
}

function failing({ state, path, damaged }: DiskReport): readonly MachineProblem[] {
  if (state === 'Missing') return [{ reason: 'DiskFailing', message: `the disk at ${path} cannot be found` }]
  if (state === 'Failing')
    return [{ reason: 'DiskFailing', message: `the disk at ${path} answers wrongly: replace it` }]
  if (damaged === 0) return []
  return [
    { reason: 'DiskFailing', message: `damaged chunks were found on the disk at ${path}: see cairn doctor there` },
  ]
}

function full(disk: DiskReport): readonly MachineProblem[] {
  if (disk.state !== 'Full' && (disk.state !== 'Ready' || fullPercent(disk) <= DISK_NOTHING_PERCENT)) return []
  const message = `the disk at ${disk.path} is full: it takes nothing more; add a machine, or remove files and snapshots`
  return [{ reason: 'DiskFull', message }]
}

function versionProblems(own: number, level: number, levelMax: number): readonly MachineProblem[] {
  if (own >= levelMax && own >= level) return []
  const message =
    own < level
      ? `its Cairn understands formats up to ${own}, and the cloud uses ${level}: upgrade it`
      : `its Cairn is older than that of others: the cloud keeps to formats ${level} until it is upgraded`
  return [{ reason: 'Version', message }]
}
