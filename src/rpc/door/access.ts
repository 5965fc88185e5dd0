import { unary } from '../method.ts'
import { flag, list, optional, shape, text } from '../shape.ts'
import { askedName } from './place.ts'

/** Machines that one list of a filesystem names. */
export const ACCESS_MACHINES_MAX = 256

const machines = list(text(253), ACCESS_MACHINES_MAX)

/** Which machines may use a filesystem: no `machines` are all. */
export const accessShape = shape({ machines: optional(machines), readOnly: machines, rootSquash: flag })

/** Answers who may use a filesystem from other machines, with `to` after that has been set. Faults: NotFound, HomeElsewhere. */
export const filesystemAccess = unary({
  name: 'filesystem.access',
  version: 1,
  params: shape({ filesystem: askedName, to: optional(accessShape) }),
  result: accessShape,
})
