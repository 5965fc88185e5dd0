import { defineFaults } from '#base'

/** Makes the faults of this room; the codes are its contract. */
export const poolFault = defineFaults({
  /** Fewer machines than the pool must have took a chunk. */
  NoCopies: { status: 503, retry: 'later' },
  /** No machine that answers has the chunk, and some do not answer. */
  ChunkUnreachable: { status: 503, retry: 'later' },
  /** The machines that answer do not have it, and all answer. */
  ChunkMissing: { status: 404, retry: 'never' },
  /** Bytes that do not have the name they came with. */
  WrongBytes: { status: 422, retry: 'later' },
  /** Who calls is no machine of this cloud. */
  NotAMachine: { status: 403, retry: 'never' },
  /** A pool that is not kept here. */
  OtherPool: { status: 404, retry: 'never' },
  OutOfRange: { status: 416, retry: 'never' },
})
