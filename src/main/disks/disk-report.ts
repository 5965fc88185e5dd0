import { DISK_MIB_MAX, type DiskReport } from '#cluster'
import type { ChunkStore } from '#storage/chunks'

/** What is known of a disk beside its figures. */
export type ReportedDisk = Pick<DiskReport, 'id' | 'path' | 'scrubbedMs' | 'isDraining' | 'isLeaving' | 'message'>

/** What is said of a disk that is there. */
export function openReport(known: ReportedDisk, store: Pick<ChunkStore, 'space' | 'stat'>): DiskReport {
  const { totalBytes, freeBytes } = store.space()
  const { states, segmentBytes } = store.stat()
  return {
    ...given(known),
    state: freeBytes === 0 ? 'Full' : 'Ready',
    capacityMiB: mib(totalBytes),
    usedMiB: mib(segmentBytes),
    freeMiB: mib(freeBytes),
    chunks: states.held.chunks,
    damaged: states.quarantined.chunks,
  }
}

/** What is said of one that is not. */
export function awayReport(known: ReportedDisk, state: 'Missing' | 'Failing'): DiskReport {
  return { ...given(known), state, capacityMiB: 0, usedMiB: 0, freeMiB: 0, chunks: 0, damaged: 0 }
}

// What is undefined is left out, as on the wire: a report is compared with the one before.
function given({ id, path, scrubbedMs, isDraining, isLeaving, message }: ReportedDisk) {
  return {
    id,
    path,
    ...(scrubbedMs === undefined ? {} : { scrubbedMs }),
    ...(isDraining === true ? { isDraining } : {}),
    ...(isLeaving === true ? { isLeaving } : {}),
    ...(message === undefined ? {} : { message }),
  }
}

function mib(bytes: number): number {
  return Math.min(Math.floor(bytes / (1024 * 1024)), DISK_MIB_MAX)
}
