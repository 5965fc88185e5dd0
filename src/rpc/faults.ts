import { defineFaults } from '#base'

/** What can go wrong between two ends of a connection, beside the faults of the method called. */
export const rpcFault = defineFaults({
  /** Bytes that are no frame, or a frame that has no place here: the connection ends. */
  BadFrame: { status: 400, retry: 'never' },
  /** A parameter, item or result that its declaration does not allow. */
  BadMessage: { status: 422, retry: 'never' },
  /** A protocol, method or feature this side does not speak. */
  Unsupported: { status: 501, retry: 'never' },
  /** Too many calls at once. */
  Busy: { status: 429, retry: 'later' },
  /** Nobody listens at the address. */
  Unreachable: { status: 503, retry: 'later' },
  /** The connection ended before the call did. */
  Closed: { status: 503, retry: 'later' },
  /** The caller gave up. */
  Canceled: { status: 499, retry: 'never' },
  /** The call's time was over. */
  DeadlineExceeded: { status: 504, retry: 'later' },
  /** The other side broke; its log says how. */
  Internal: { status: 500, retry: 'never' },
})
