import type { CopiesStatus, FilesystemRow, NodeStatus } from '#rpc'
import type { FilesystemAccess } from './access.ts'

/** The storage of this machine, as controllers use it; it works without them. Faults: those of the local door. */
export interface Storage {
  /** What this machine is called in objects. */
  readonly nodeName: string
  status(signal: AbortSignal): Promise<NodeStatus>
  /** How many copies there are of what the cloud keeps. */
  copies(signal: AbortSignal): Promise<CopiesStatus>
  /** Makes an empty filesystem. Faults: Invalid, Occupied. */
  create(filesystem: string, signal: AbortSignal): Promise<void>
  /** Unmounts one and removes it for good. Faults: Invalid, NotFound, Busy, NotEmpty. */
  remove(filesystem: string, options: { readonly isForced: boolean }, signal: AbortSignal): Promise<void>
  /** Sets what a whole filesystem may hold. Faults: NotFound, BelowUse. */
  limit(filesystem: string, limits: FilesystemLimits, signal: AbortSignal): Promise<void>
  /** Says which machines may use one. Faults: NotFound, HomeElsewhere. */
  access(filesystem: string, to: FilesystemAccess, signal: AbortSignal): Promise<void>
  /**
   * Mounts one at a folder of the machine it lives on, now and at every start, and answers its real path; `isMoved` takes it from where it is
   * mounted. Faults: NotFound, Occupied, NotEmpty, WrongKind, FuseUnavailable, Busy, Invalid.
   */
  mount(filesystem: string, target: MountTarget, signal: AbortSignal): Promise<string>
  /** Takes a mount of the machine it lives on away. Faults: NotFound, Busy. */
  unmount(filesystem: string, path: string, signal: AbortSignal): Promise<void>
  /** One as the machine has it that it lives on. Faults: NotFound, those of the way there. */
  atHome(filesystem: string, signal: AbortSignal): Promise<AtHome>
}

/** A filesystem where it lives, and what is mounted there. */
export interface AtHome {
  readonly row: FilesystemRow
  readonly status: Pick<NodeStatus, 'mounts' | 'mountsNothing'>
}

/** What a filesystem may hold; undefined: no limit. */
export interface FilesystemLimits {
  readonly bytesMax?: number | undefined
  readonly inodesMax?: number | undefined
}

/** Where a filesystem is to be mounted. */
export interface MountTarget {
  readonly path: string
  readonly isMoved: boolean
}
