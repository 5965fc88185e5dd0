/** What the disk does wrong, and when: counted in operations of the life's disk. */
export interface DiskFaults {
  /** Asked before each operation; answers an error to throw. A write may have got some of its bytes down. */
  fault(operation: DiskOperation): InjectedFault | undefined
  /** Says where the process ends, before or after the operation. */
  crash(operation: DiskOperation): 'before' | 'after' | undefined
  /** A write or sync that only says it was done. */
  lies(operation: DiskOperation): boolean
}

export type OperationKind =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'rename'
  | 'remove'
  | 'folder'
  | 'syncFolder'

export interface DiskOperation {
  /** Counts from 1 in each life. */
  readonly number: number
  readonly kind: OperationKind
  readonly path: string
  /** How many a write has. */
  readonly bytes?: number | undefined
}

export interface InjectedFault {
  readonly code: 'EIO' | 'ENOSPC'
  /** Part of a write that was done before it failed, 0 to 1; for a failed sync, how much of what waited reached the disk. */
  readonly done: number
  /** After a failed sync the page cache may show the disk's old bytes again. */
  readonly dropsCache: boolean
}

/** An error as the operating system gives it. */
export function systemError(code: 'EIO' | 'ENOSPC' | 'ENOENT' | 'EBADF', what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code, errno: ERRNOS[code], syscall: what })
}

const ERRNOS = { EIO: -5, ENOSPC: -28, ENOENT: -2, EBADF: -9 } as const
