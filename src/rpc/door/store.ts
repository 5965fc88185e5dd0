import { download, unary } from '../method.ts'
import { flag, integer, list, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'
import { FILESYSTEMS_MAX } from './filesystem.ts'

const MACHINES_TOLD_MAX = 1_000
const PLACES_TOLD_MAX = 10

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
  /** Groups of chunks that some machine lacks. */
  owingGroups: integer(),
  damagedChunks: integer(),
  /** Chunks that files need and no machine holds; those that only machines may hold that do not answer. */
  lostChunks: integer(),
  awayChunks: integer(),
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
      /** What it keeps as copies. */
      chunks: integer(),
      bytes: integer(),
      /** Copies that others should have of that, and do not. */
      missingCopies: integer(),
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

const ifLostShape = shape({
  /** What is lost, for people. */
  sentence: text(20_000),
  /** Chunks that files need and that no other machine says it holds. */
  chunks: integer(),
  /** Files, snapshots and directories that need them: the first of them by name, and how many there are. */
  places: list(text(400), PLACES_TOLD_MAX),
  placesCount: integer(),
  /** Filesystems whose names and attributes are on it alone. */
  homes: list(text(63), FILESYSTEMS_MAX),
  /** Filesystems that were not looked at, as their home does not answer. */
  unseen: list(text(63), FILESYSTEMS_MAX),
  /** Machines that did not say what they hold. */
  silent: list(text(253), MACHINES_TOLD_MAX),
  /** False when more may be lost than is told. */
  isAll: flag,
})

/** What is lost when a machine is. */
export type IfLost = ShapeOf<typeof ifLostShape>

/** What would be lost if the machine died now: all chunks that filesystems need are looked for on the others. */
export const storeIfLost = unary({
  name: 'store.ifLost',
  version: 1,
  params: shape({ machine: text(253) }),
  result: ifLostShape,
  timeoutMs: 600_000,
})
