import { natWord } from '#cluster'
import { flag, list, nothing, optional, type ShapeOf, shape, text, unary, word, integer } from '#rpc'
import { SEEN_MAX, TOLD_MAX } from '../limits.ts'

const nameText = text(253)
const endpointText = text(64)
const pathWord = word('direct', 'relayed', 'none')

/** How packets go to a machine. */
export type Path = ShapeOf<typeof pathWord>

const wayShape = shape({ name: nameText, path: pathWord, via: optional(nameText), rttMs: optional(integer(0, 60_000)) })

/** What a machine tells controllers now and then: what it sees of others, and what it wants to know. */
export const saidShape = shape({
  /** Where packets of others come from. */
  seen: list(shape({ name: nameText, endpoint: endpointText }), TOLD_MAX),
  ways: list(wayShape, TOLD_MAX),
  nat: natWord,
  /** True when it carries packets of others. */
  canRelay: flag,
  /** Machines of which it wants to hear; those it has no way to first. */
  wants: list(nameText, TOLD_MAX),
})

export type Said = ShapeOf<typeof saidShape>

const otherShape = shape({
  name: nameText,
  /** Where others see it. */
  endpoints: list(endpointText, SEEN_MAX),
  nat: natWord,
  canRelay: flag,
  /** Its way to the one who asks, as it says. */
  way: optional(shape({ path: pathWord, via: optional(nameText) })),
  /** Whom it reaches directly. */
  direct: list(shape({ name: nameText, rttMs: optional(integer(0, 60_000)) }), TOLD_MAX),
})

/** What others have said of a machine and of themselves. */
export type OtherSaid = ShapeOf<typeof otherShape>

/** What a machine hears back. */
export const heardShape = shape({
  /** Where others see the one who asks. */
  seen: list(shape({ by: nameText, endpoint: endpointText }), TOLD_MAX),
  machines: list(otherShape, TOLD_MAX),
})

export type Heard = ShapeOf<typeof heardShape>

/** Machine to controller: {@link saidShape} in the body, {@link heardShape} in the answer's. */
export const meshMeet = unary({
  name: 'mesh.meet',
  version: 1,
  params: nothing,
  result: nothing,
  timeoutMs: 5_000,
})
