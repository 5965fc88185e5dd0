import { type ShapeOf, shape, text } from '../shape.ts'

/** Bytes of a path, Linux's PATH_MAX. */
export const PATH_BYTES_MAX = 4096

/**
 * Characters of a path that is only told: one made step by step may be longer than PATH_BYTES_MAX. Each takes up to two
 * bytes of a message's head.
 */
export const TOLD_PATH_MAX = 30_000

/**
 * Characters of a filesystem's name that is asked for: more than one can have, so that who knows the names says what is
 * wrong with it.
 */
const ASKED_NAME_MAX = PATH_BYTES_MAX

/** The name of a filesystem as it was asked for. */
export const askedName = text(ASKED_NAME_MAX)

/** Where something is: a filesystem and an absolute path in it, as a byte string. */
export const placeShape = shape({
  filesystem: askedName,
  path: text(PATH_BYTES_MAX),
})

export type Place = ShapeOf<typeof placeShape>

/** A whole filesystem. */
export const filesystemShape = shape({ filesystem: askedName })
