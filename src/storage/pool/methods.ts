import { download, flag, integer, list, nothing, type ShapeOf, shape, text, unary, upload } from '#rpc'
import {
  CHUNK_BYTES_MAX,
  GROUPS_MAX,
  FILESYSTEMS_MAX,
  FILTER_BYTES_MAX,
  GROUPS_PER_CALL_MAX,
  HOMES_TOLD_MAX,
  IF_LOST_PLACES_MAX,
  MACHINES_MAX,
  REPORT_ROWS_MAX,
} from './limits.ts'

/** A pool's name, in every call. */
const pool = text(63)
/** A digest in hexadecimal. Many of them travel as raw bytes behind each other, in the body. */
const digest = text(64)
/** Of the storage process that answers: what was not synced in one may be gone in the next. */
const boot = text(32)
const groups = integer(1, GROUPS_MAX)
const group = integer(0, GROUPS_MAX - 1)

/** Stores a chunk whose bytes are the items' bodies, held as a copy. Faults: WrongBytes, NoSpace, Io. */
export const chunkPut = upload({
  name: 'chunk.put',
  version: 1,
  params: shape({ pool, digest, bytes: integer(0, CHUNK_BYTES_MAX) }),
  item: nothing,
  result: shape({ boot }),
  timeoutMs: 30_000,
})

/** A chunk's bytes as the disk has them; who asks verifies them. Faults: ChunkMissing, ChunkDamaged, Io. */
export const chunkRead = download({
  name: 'chunk.read',
  version: 1,
  params: shape({ pool, digest }),
  item: shape({ bytes: integer(0, CHUNK_BYTES_MAX) }),
  result: nothing,
  timeoutMs: 30_000,
})

/** Which of the digests in the body are held: one byte for each in the answer's body. */
export const chunkHas = unary({
  name: 'chunk.has',
  version: 1,
  params: shape({ pool }),
  result: nothing,
  timeoutMs: 10_000,
})

/** The same, and what is here is held from now on and renewed against collection. */
export const chunkRenew = unary({
  name: 'chunk.renew',
  version: 1,
  params: shape({ pool }),
  result: shape({ boot }),
  timeoutMs: 10_000,
})

/** Answers when all that was put before survives a power cut. */
export const chunkSync = unary({
  name: 'chunk.sync',
  version: 1,
  params: shape({ pool }),
  result: shape({ boot }),
  timeoutMs: 30_000,
})

/** The digests of what is held of each group, in the answer's body; it is durable by then. */
export const chunkGroups = unary({
  name: 'chunk.groups',
  version: 1,
  params: shape({ pool, groups, numbers: list(group, GROUPS_PER_CALL_MAX) }),
  result: nothing,
  timeoutMs: 30_000,
})

/** What is held of a group, in byte order, a page at a time, in the answer's body. */
export const chunkList = unary({
  name: 'chunk.list',
  version: 1,
  params: shape({ pool, groups, group, from: text(64) }),
  result: shape({ isLast: flag }),
  timeoutMs: 30_000,
})

/**
 * Before a copy is given up: which of the digests in the body are durable here, and stay, since by the same view of the
 * machines this is where they belong. Nothing is said for another view.
 */
export const chunkConfirm = unary({
  name: 'chunk.confirm',
  version: 1,
  params: shape({ pool, view: text(100) }),
  result: nothing,
  timeoutMs: 30_000,
})

/**
 * Every chunk that the filesystems whose home is the answering machine name, durably: a filter (`DigestFilter`) in the bodies of
 * the items. A copy is collected only when every machine of the map has answered, in two rounds.
 */
export const chunkRoots = download({
  name: 'chunk.roots',
  version: 2,
  params: shape({ pool, salt: integer(0, 65_535) }),
  item: shape({ bytes: integer(0, FILTER_BYTES_MAX) }),
  result: nothing,
})

const homeRows = list(shape({ filesystem: text(63), epoch: integer(1) }), HOMES_TOLD_MAX)

/**
 * `version` changes whenever what {@link chunkRoots} answers may: who was told the same before has nothing to ask. With it the filesystems whose
 * home the answering machine is, and the last epoch that it has heard of each: who does not hear the home in that one has not all roots.
 */
export const chunkRootsVersion = unary({
  name: 'chunk.rootsVersion',
  version: 2,
  params: shape({ pool }),
  result: shape({ version: text(200), homes: homeRows, known: homeRows }),
  timeoutMs: 60_000,
})

const ifLostShape = shape({
  /** The filesystems that were looked at. */
  filesystems: list(text(63), FILESYSTEMS_MAX),
  /** Chunks that files need and that no other machine says it holds. */
  chunks: integer(),
  /** What needs them, for people: the first ones, and how many there are. */
  places: list(text(400), IF_LOST_PLACES_MAX),
  placesCount: integer(),
  /** Machines that did not say what they hold. */
  silent: list(text(253), MACHINES_MAX),
  /** False when more may be lost than is told. */
  isAll: flag,
})

/** What the filesystems whose home is the answering machine would lose with a machine. */
export const chunkIfLost = unary({
  name: 'chunk.ifLost',
  version: 1,
  params: shape({ pool, machine: text(253) }),
  result: ifLostShape,
  timeoutMs: 600_000,
})

/** What one home knows of what is lost with a machine. */
export type FoundIfLost = ShapeOf<typeof ifLostShape>

/** The caller's pool has just been opened, perhaps on an empty disk: what it should hold is compared with it. */
export const chunkBegan = unary({
  name: 'chunk.began',
  version: 1,
  params: shape({ pool, boot }),
  result: nothing,
  timeoutMs: 10_000,
})

/** Somebody got wrong bytes from here: the chunk is verified, and if they were right to doubt, repaired. */
export const chunkDoubt = unary({
  name: 'chunk.doubt',
  version: 1,
  params: shape({ pool, digest }),
  result: nothing,
  timeoutMs: 30_000,
})

const rowShape = shape({
  group,
  /** A wanted holder, as far as it is known to lack copies that are here. */
  machine: text(253),
  chunks: integer(),
  bytes: integer(),
})

const reportShape = shape({
  /** The view of the machines that it was found by; empty before the first comparison. */
  view: text(100),
  chunks: integer(),
  bytes: integer(),
  missing: list(rowShape, REPORT_ROWS_MAX),
  /** There are more rows than are told. */
  isCut: flag,
  /** Groups of which this machine has chunks that were seen nowhere else. */
  alone: list(group, REPORT_ROWS_MAX),
  aloneChunks: integer(),
  /** Chunks that belong elsewhere and are kept until they are there. */
  misplacedChunks: integer(),
  damagedChunks: integer(),
  /** Chunks that the filesystems at home there need and no machine holds; those that only machines may hold that do not answer. */
  lostChunks: integer(),
  awayChunks: integer(),
  bytesPerSecond: integer(),
  /** What its disks offer the pool, and what of that is free. */
  totalBytes: integer(),
  freeBytes: integer(),
})

/** The report of a machine. */
export const chunkReport = unary({
  name: 'chunk.report',
  version: 2,
  params: shape({ pool }),
  result: reportShape,
  timeoutMs: 10_000,
})

/** What one machine knows of the copies of what it holds. */
export type Report = ShapeOf<typeof reportShape>
