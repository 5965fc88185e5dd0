import { unary } from '../method.ts'
import { flag, integer, list, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'
import { DISKS_TOLD_MAX, diskState } from './disk.ts'
import { FILESYSTEMS_MAX, filesystemRowShape, mountRowShape } from './filesystem.ts'
import { PATH_BYTES_MAX } from './place.ts'

const CONTROLLERS_TOLD_MAX = 100

const statusShape = shape({
  software: text(100),
  /** Process id of the supervisor, which ends last. */
  pid: integer(),
  dataFolder: text(PATH_BYTES_MAX),
  /** What this machine is in which cloud; undefined before its first start with a control plane. */
  cloud: optional(
    shape({
      name: text(253),
      role: word('controller', 'node'),
      /** Of the authority's key. */
      cloud: text(43),
      /** Machines with the control plane, as this one heard last. */
      controllers: list(text(253), CONTROLLERS_TOLD_MAX),
      /** True when a controller has said that this machine was removed. */
      isRemoved: flag,
    }),
  ),
  /** How long Cairn has run, whichever of its processes came and went. */
  uptimeMs: integer(),
  mounts: list(mountRowShape, FILESYSTEMS_MAX),
  /** True when it was started to mount nothing. */
  mountsNothing: flag,
  filesystems: list(filesystemRowShape, FILESYSTEMS_MAX),
  /** Content held on this machine: chunks, and their bytes before compression. */
  held: shape({ chunks: integer(), bytes: integer() }),
  /** What chunks take on the disk, what they may take in all, and what of that is free. */
  disk: shape({ usedBytes: integer(), totalBytes: integer(), freeBytes: integer() }),
  /** Its disks, that of the data folder first. */
  disks: list(
    shape({
      path: text(PATH_BYTES_MAX),
      state: diskState,
      /** Why it is as it is, for people. */
      message: optional(text(1000)),
    }),
    DISKS_TOLD_MAX,
  ),
  /** When all of it was read and verified last (wall time, milliseconds since 1970), and how far that is this time. */
  scrub: shape({
    sinceMs: integer(),
    last: optional(shape({ doneMs: integer(), chunks: integer(), bytes: integer(), damaged: integer() })),
    now: optional(shape({ startedMs: integer(), bytes: integer(), damaged: integer() })),
  }),
})

/** A running Cairn at a glance. */
export type NodeStatus = ShapeOf<typeof statusShape>

/** A check and how it came out. */
export const checkRowShape = shape({
  name: text(100),
  state: word('ok', 'warn', 'fail'),
  detail: text(1000),
  remedy: optional(text(1000)),
})

/** One line of `cairn doctor`. */
export type CheckRow = ShapeOf<typeof checkRowShape>

/** What runs, where, and how much it holds. */
export const nodeStatus = unary({
  name: 'node.status',
  version: 1,
  params: nothing,
  result: statusShape,
  timeoutMs: 30_000,
})

/** Checks only the running Cairn can make: its logs, indexes and stores. */
export const nodeHealth = unary({
  name: 'node.health',
  version: 1,
  params: nothing,
  result: shape({ checks: list(checkRowShape, 200) }),
  timeoutMs: 60_000,
})

/** Asks Cairn to unmount, close and end. Answers before it does; the supervisor's process id tells when it is done. */
export const nodeDown = unary({
  name: 'node.down',
  version: 1,
  params: nothing,
  /** `note`: what people should know of what was written last. */
  result: shape({ pid: integer(), note: optional(text(1_000)) }),
  timeoutMs: 30_000,
})
