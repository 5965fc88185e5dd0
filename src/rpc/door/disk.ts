import { unary } from '../method.ts'
import { flag, integer, list, optional, type ShapeOf, shape, text, word } from '../shape.ts'
import { PATH_BYTES_MAX } from './place.ts'

/** Disks that are told of one machine. */
export const DISKS_TOLD_MAX = 64
const OFFERS_TOLD_MAX = 200

/** How a disk is, for people. */
export const diskState = word('Ready', 'Full', 'Draining', 'Missing', 'Failing')

const diskRowShape = shape({
  /** What people call it: as its Disk object. */
  name: text(300),
  id: text(32),
  /** The folder on it. */
  path: text(PATH_BYTES_MAX),
  /** True of the disk of the data folder. */
  isFirst: flag,
  state: diskState,
  chunks: integer(),
  /** Chunks that were found damaged and not yet put right. */
  damaged: integer(),
  usedBytes: integer(),
  freeBytes: integer(),
  totalBytes: integer(),
  message: optional(text(1000)),
})

/** A disk of a machine. */
export type DiskRow = ShapeOf<typeof diskRowShape>

const offerShape = shape({
  path: text(PATH_BYTES_MAX),
  /** What is mounted there, such as `/dev/sdb1`. */
  source: text(PATH_BYTES_MAX),
  totalBytes: integer(),
  /** Why it is not offered; undefined: it may be added. */
  why: optional(text(1000)),
})

/** A mounted disk that its machine does not use. */
export type DiskOffer = ShapeOf<typeof offerShape>

/** The machine that is meant: the one that is asked, when it is left out. Of others only a controller may ask. */
const machine = optional(text(253))

/** The disks of a machine, that of the data folder first, and what of it is mounted and not used. */
export const diskList = unary({
  name: 'disk.list',
  version: 1,
  params: shape({ machine }),
  result: shape({ disks: list(diskRowShape, DISKS_TOLD_MAX), offers: list(offerShape, OFFERS_TOLD_MAX) }),
  timeoutMs: 30_000,
})

/** Uses the disk at a folder of a machine, or uses it again. `bytesMax`: how much of it; all when it is not said. */
export const diskAdd = unary({
  name: 'disk.add',
  version: 1,
  params: shape({ machine, path: text(PATH_BYTES_MAX), bytesMax: optional(integer(1)) }),
  result: diskRowShape,
  timeoutMs: 600_000,
})

/** Has a disk of a machine give what it holds to others. */
export const diskDrain = unary({
  name: 'disk.drain',
  version: 1,
  params: shape({ machine, id: text(32) }),
  result: diskRowShape,
  timeoutMs: 30_000,
})

/** Forgets a disk of a machine; `isForced`: also what is on it alone. */
export const diskRemove = unary({
  name: 'disk.remove',
  version: 1,
  params: shape({ machine, id: text(32), isForced: flag }),
  result: diskRowShape,
  timeoutMs: 60_000,
})
