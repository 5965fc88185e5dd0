import { download, unary } from '../method.ts'
import { integer, nothing, optional, type ShapeOf, shape, text } from '../shape.ts'
import { filesystemShape, PATH_BYTES_MAX, placeShape } from './place.ts'

/** Limits on what lies below a directory, and how much of them is used. */
export const quotaShape = shape({
  /** The directory that has the limits, as a byte string. */
  path: text(PATH_BYTES_MAX),
  bytesUsed: integer(),
  inodesUsed: integer(),
  bytesMax: optional(integer()),
  inodesMax: optional(integer()),
})

export type QuotaRow = ShapeOf<typeof quotaShape>

/**
 * Sets the limits of a directory, which must be empty the first time; what is left out has no limit. Those of the root
 * directory are of the whole filesystem, which need not be empty. Faults: NotFound, WrongKind, NotEmpty, BelowUse.
 */
export const quotaSet = unary({
  name: 'quota.set',
  version: 1,
  params: shape({ place: placeShape, bytesMax: optional(integer(1)), inodesMax: optional(integer(1)) }),
  result: nothing,
})

/** Lifts the limits of a directory; its use is counted on. Faults: NotFound, WrongKind. */
export const quotaRemove = unary({
  name: 'quota.remove',
  version: 1,
  params: shape({ place: placeShape }),
  result: nothing,
})

/** Every quota of a filesystem. */
export const quotaList = download({
  name: 'quota.list',
  version: 1,
  params: filesystemShape,
  item: quotaShape,
  result: nothing,
})
