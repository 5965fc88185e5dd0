import type { DiskReport } from '#cluster'
import { DISK_LOST_MS } from '../limits.ts'
import type { DiskRecord } from './disk-file.ts'
import { awayReport, openReport } from './disk-report.ts'
import type { AwayDisk, OpenDisk } from './open-disk.ts'

/** A disk besides that of the data folder: as it is remembered, and as it was found. */
export type OtherDisk = ThereDisk | LostDisk

/** One that is there. */
export interface ThereDisk {
  readonly record: DiskRecord
  readonly open: OpenDisk
  /** What people should know of it now. */
  readonly message?: string | undefined
}

/** One that is not. */
export interface LostDisk {
  readonly record: DiskRecord
  readonly open?: undefined
  readonly away: AwayDisk
  /** Monotonic time when it was first found so. */
  readonly sinceMs: number
}

/** What is said of it. After a while no copies are waited for on a disk that is missing, and at once on one that fails. */
export function reportOf(other: OtherDisk, nowMs: number): DiskReport {
  const { id, path, isDraining } = other.record
  if (other.open !== undefined) {
    const { open, message } = other
    return openReport(
      { id, path, scrubbedMs: scrubbedMs(open), isDraining, isLeaving: isDraining, message },
      open.store,
    )
  }
  const { state, why } = other.away
  const isLeaving = isDraining === true || state === 'Failing' || nowMs - other.sinceMs >= DISK_LOST_MS
  return awayReport({ id, path, isDraining, isLeaving, message: why.slice(0, WHY_MAX) }, state)
}

const WHY_MAX = 1000

/** When all of a disk was read and verified last. */
export function scrubbedMs({ scrubber }: OpenDisk): number | undefined {
  return scrubber.state.last?.doneMs
}
