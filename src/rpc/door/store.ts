import { download, unary } from '../method.ts'
import { integer, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'

const scrubShape = shape({
  chunks: integer(),
  bytes: integer(),
  /** Damage that stands so far: found, and set aside by an earlier look. */
  damagedChunks: integer(),
  /** What was met just now: a chunk, by its digest, and whether it is damaged, was already, no longer is, or was mended. */
  finding: optional(shape({ digest: text(100), kind: word('found', 'standing', 'healed', 'mended') })),
})

/** How far a scrub is. */
export type ScrubRow = ShapeOf<typeof scrubShape>

/** Reads and verifies every chunk of this machine at a rate; damaged ones are set aside and named, those of before too. */
export const storeScrub = download({
  name: 'store.scrub',
  version: 1,
  params: shape({ bytesPerSecond: integer(1024) }),
  item: scrubShape,
  result: nothing,
})

/** Deletes chunks that no filesystem references, and gives their space back. `candidates` wait for another call. */
export const storeCollect = unary({
  name: 'store.collect',
  version: 1,
  params: nothing,
  result: shape({ deletedChunks: integer(), candidates: integer(), freedBytes: integer() }),
})
