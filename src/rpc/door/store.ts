import { download, unary } from '../method.ts'
import { flag, integer, list, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'

const MACHINES_TOLD_MAX = 1_000

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

const copiesShape = shape({
  /** Whether everything has all its copies, for people. */
  sentence: text(10_000),
  isSafe: flag,
  missingCopies: integer(),
  missingBytes: integer(),
  damagedChunks: integer(),
  /** Chunks that belong elsewhere and still lie where they are too. */
  misplacedChunks: integer(),
  bytesPerSecond: integer(),
  /** How long what is missing takes at this rate; undefined when nothing is. */
  secondsLeft: optional(integer()),
  /** Machines that did not answer, or compare their copies still. */
  unknown: list(text(253), MACHINES_TOLD_MAX),
  machines: list(
    shape({
      name: text(253),
      /** Chunks that would be lost if the machine died now. */
      chunksAlone: integer(),
      isSafeToUnplug: flag,
    }),
    MACHINES_TOLD_MAX,
  ),
})

/** How safe what the cloud keeps is, as far as the machines know that answer in time. */
export type CopiesStatus = ShapeOf<typeof copiesShape>

/** Asks all machines how many copies there are. */
export const storeCopies = unary({
  name: 'store.copies',
  version: 1,
  params: nothing,
  result: copiesShape,
  timeoutMs: 30_000,
})
