import { type ShapeOf, shape, text } from '../shape.ts'

/** Bytes of a path, Linux's PATH_MAX. */
export const PATH_BYTES_MAX = 4096

/** Where something is: a filesystem and an absolute path in it, as a byte string. */
export const placeShape = shape({
  filesystem: text(63),
  path: text(PATH_BYTES_MAX),
})

export type Place = ShapeOf<typeof placeShape>

/** A whole filesystem. */
export const filesystemShape = shape({ filesystem: text(63) })
