import { optional, type ShapeOf, shape, text, unary, word } from '#rpc'
import { joinResultShape, newcomerFields } from './join.ts'

const HASH_CHARACTERS = 43
const NONCE_CHARACTERS = 22

/** What a machine says that wants to be let in and has no token: first its commitment alone, then what it has committed to. */
export const knockShape = shape({
  /** As `knockCommitment` makes it. */
  commitment: text(HASH_CHARACTERS),
  shown: optional(shape({ ...newcomerFields, nonce: text(NONCE_CHARACTERS) })),
})

export type Knock = ShapeOf<typeof knockShape>

const resultShape = shape({
  /** The nonce of the controller: the same for the same commitment. */
  answer: text(NONCE_CHARACTERS),
  state: word('waiting', 'admitted'),
  admitted: optional(joinResultShape),
})

export type Knocked = ShapeOf<typeof resultShape>

/**
 * A machine without a certificate asks to be let in by an administrator, who is to confirm its code; it asks again until it is. When
 * it is admitted the body is the map, as `mapBytes` has it. Faults: Unknown (expired, or refused), TooManyRequests, ClockSkew,
 * Unsupported, Occupied, Invalid, NoController.
 */
export const clusterKnock = unary({
  name: 'cluster.knock',
  version: 1,
  params: knockShape,
  result: resultShape,
  timeoutMs: 30_000,
})

/** The same at the door of the control process, for its storage process; `seenFrom` is where the machine's connection comes from. */
export const clusterHearKnock = unary({
  name: 'cluster.hearKnock',
  version: 1,
  params: shape({ knock: knockShape, seenFrom: text(300) }),
  result: resultShape,
  timeoutMs: 30_000,
})
