import { defineFaults, Fault, isSystemError } from '#base'

/** Makes the faults of this room; the codes are the room's contract. */
export const chunkFault = defineFaults({
  ChunkMissing: { status: 404, retry: 'never' },
  ChunkDamaged: { status: 500, retry: 'never' },
  ChunkTooLarge: { status: 413, retry: 'never' },
  OutOfRange: { status: 416, retry: 'never' },
  NoSpace: { status: 507, retry: 'later' },
  Io: { status: 500, retry: 'never' },
  InUse: { status: 409, retry: 'later' },
  NewerVersion: { status: 500, retry: 'never' },
  Unsupported: { status: 501, retry: 'never' },
  IndexDamaged: { status: 500, retry: 'later' },
  CollectionStopped: { status: 503, retry: 'later' },
})

/** The fault for an error of the operating system met while doing `what`; faults pass unchanged. */
export function diskFault(what: string, cause: unknown): Error {
  if (cause instanceof Fault) return cause
  if (isFull(cause)) {
    const hint = 'Delete files or snapshots, add a disk, or offer a larger share of this one.'
    return chunkFault('NoSpace', `no space left to ${what}`, { hint, cause })
  }
  if (isSystemError(cause)) {
    const hint = 'Look at the kernel log for errors of this disk, then restart the store.'
    return chunkFault('Io', `the disk failed to ${what}: ${cause.message}`, { hint, cause })
  }
  return cause instanceof Error ? cause : new Error(`failed to ${what}`, { cause })
}

/** True when the operating system says that the disk or a quota on it is full. */
export function isFull(error: unknown): boolean {
  return isSystemError(error, 'ENOSPC') || isSystemError(error, 'EDQUOT')
}
