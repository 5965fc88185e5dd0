import { download, unary } from '../method.ts'
import { integer, nothing, optional, type ShapeOf, shape, text } from '../shape.ts'

const scrubShape = shape({
  chunks: integer(),
  bytes: integer(),
  damagedChunks: integer(),
  /** CID or digest of a chunk found damaged just now. */
  damaged: optional(text(100)),
})

/** How far a scrub is. */
export type ScrubRow = ShapeOf<typeof scrubShape>

/** Reads and verifies every chunk of this machine at a rate; damaged ones are set aside and named. */
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
