import { rpcFault } from './faults.ts'
import { FRAME_BYTES_MAX, METHOD_CHARACTERS_MAX } from './limits.ts'
import { integer, type ShapeOf, shape, text } from './shape.ts'

/** The protocol spoken. A new one is needed only when frames change; methods carry their own versions. */
export const PROTOCOL = 1

/** What each side says first. */
export const checkHello = shape({
  /** The newest protocol this side speaks, and the oldest. */
  protocol: integer(1, 65_535),
  oldest: integer(1, 65_535),
  /** Name and version of the program, for people. */
  software: text(METHOD_CHARACTERS_MAX),
  /** What the other side may send on one call before this side has taken it; half of it holds a whole frame. */
  windowBytes: integer(2 * (FRAME_BYTES_MAX + 12), 1024 * 1024 * 1024),
})

export type Hello = ShapeOf<typeof checkHello>

/** Faults: Unsupported when the two sides have no protocol in common. */
export function agreeProtocol(theirs: Hello): void {
  if (theirs.oldest <= PROTOCOL && theirs.protocol >= PROTOCOL) return
  throw rpcFault('Unsupported', `protocol ${theirs.protocol} of ${theirs.software}: this side speaks ${PROTOCOL}`, {
    hint: 'Bring both sides to the same version of Cairn.',
  })
}
