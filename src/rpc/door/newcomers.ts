import { unary } from '../method.ts'
import { integer, list, nothing, type ShapeOf, shape, text } from '../shape.ts'

const NEWCOMERS_MAX = 100

const newcomerShape = shape({
  name: text(253),
  /** Six digits, which the machine shows too. */
  code: text(6),
  /** Where its connection comes from. */
  seenFrom: text(300),
  agoMs: integer(),
})

/** A machine that asks to be let in without a token. */
export type NewcomerRow = ShapeOf<typeof newcomerShape>

/** At the door of the control process: machines that ask this controller to be let in without a token, and are to be confirmed. */
export const newcomerList = unary({
  name: 'newcomer.list',
  version: 1,
  params: nothing,
  result: shape({ machines: list(newcomerShape, NEWCOMERS_MAX) }),
  timeoutMs: 10_000,
})

/** An administrator has read this code on the machine that he means. Faults: NotFound, Invalid (two machines have it). */
export const newcomerApprove = unary({
  name: 'newcomer.approve',
  version: 1,
  params: shape({ code: text(6) }),
  result: shape({ name: text(253), seenFrom: text(300) }),
  timeoutMs: 10_000,
})
