import type { NodeStatus } from '#rpc'

/** The storage of this machine, as controllers use it; it works without them. Faults: those of the local door. */
export interface Storage {
  /** What this machine is called in objects. */
  readonly nodeName: string
  status(signal: AbortSignal): Promise<NodeStatus>
  /** Makes an empty filesystem. Faults: Invalid, Occupied. */
  create(filesystem: string, signal: AbortSignal): Promise<void>
  /** Removes one for good. Faults: Invalid, NotFound, Busy, NotEmpty. */
  remove(filesystem: string, options: { readonly isForced: boolean }, signal: AbortSignal): Promise<void>
}
