import { optional, shape, text, unary } from '#rpc'
import { joinParamsShape, joinResultShape, renewParamsShape } from './join.ts'

/**
 * At the door of the control process, for its storage process: somebody at the port of machines wants a certificate, the
 * first (`join`) or the next (`renew`); exactly one of the two is there. The body of a join's answer is the map, as
 * `mapBytes` has it.
 */
export const clusterAdmit = unary({
  name: 'cluster.admit',
  version: 1,
  params: shape({
    join: optional(joinParamsShape),
    renew: optional(renewParamsShape),
    /** Who asks, as its certificate says; undefined: a stranger. */
    caller: optional(shape({ name: text(253), serial: text(64) })),
    /** Where its connection comes from. */
    seenFrom: text(300),
  }),
  result: joinResultShape,
  timeoutMs: 30_000,
})
