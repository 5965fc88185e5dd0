import { unary } from '../method.ts'
import { flag, integer, list, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'
import { accessShape } from './access.ts'
import { askedName, filesystemShape, PATH_BYTES_MAX } from './place.ts'

/** Filesystems and mounts one machine has at most. */
export const FILESYSTEMS_MAX = 64

export const mountRowShape = shape({
  filesystem: text(63),
  path: text(PATH_BYTES_MAX),
  state: word('serving', 'down'),
})

/** A mount of this machine. */
export type MountRow = ShapeOf<typeof mountRowShape>

export const filesystemRowShape = shape({
  name: text(63),
  /** Bytes on disk of its names and attributes; content is shared by all filesystems. */
  metadataBytes: integer(),
  /** What can still be written. */
  freeBytes: integer(),
  /** Random, made with it: another of the same name has another. */
  id: text(100),
  /** What its files take, also where they share content, and how many names but the root directory it has given out. */
  bytesUsed: integer(),
  inodesUsed: integer(),
  /** What it may hold; no limit when absent. */
  bytesMax: optional(integer()),
  inodesMax: optional(integer()),
  snapshots: integer(),
  /** In a cloud: the machine it lives on, and those that have all that was acknowledged of it, that one first. */
  home: optional(text(253)),
  inSync: optional(list(text(253), 16)),
  /** Its home is silent: a machine with its log answers what only reads. */
  isSilent: optional(flag),
  /** Which machines may use it, where it lives. */
  access: optional(accessShape),
})

/** A filesystem in one line. */
export type FilesystemRow = ShapeOf<typeof filesystemRowShape>

const pathShape = shape({ path: text(PATH_BYTES_MAX) })

/** A filesystem as its home has it, and where it is mounted there; asked of another machine, that is asked. Faults: NotFound, HomeElsewhere. */
export const filesystemStatus = unary({
  name: 'filesystem.status',
  version: 1,
  params: shape({ filesystem: askedName }),
  result: shape({
    row: filesystemRowShape,
    mounts: list(mountRowShape, FILESYSTEMS_MAX),
    mountsNothing: flag,
  }),
  timeoutMs: 30_000,
})

/** Makes an empty filesystem. Faults: Invalid, Occupied. */
export const filesystemCreate = unary({
  name: 'filesystem.create',
  version: 1,
  params: filesystemShape,
  result: nothing,
})

/**
 * Unmounts a filesystem and removes it for good: one that is empty, or `isForced` with all its files and snapshots. `home`
 * stays. Faults: Invalid, NotFound, Busy (a program uses the mount), NotEmpty.
 */
export const filesystemRemove = unary({
  name: 'filesystem.remove',
  version: 1,
  params: shape({ filesystem: askedName, isForced: flag }),
  result: nothing,
})

/**
 * Mounts a filesystem that is not mounted yet at a folder, remembers it for the next start and answers its real path.
 * `isMoved` takes it from where it is mounted, when that is not in use and the folder can be mounted at. The storage process is replaced by one that holds the new mount, so connections end after the answer. Faults:
 * NotFound, Occupied, NotEmpty, WrongKind, FuseUnavailable, Busy. With `atHome` it is mounted on the machine it lives on, by a controller.
 */
export const filesystemMount = unary({
  name: 'filesystem.mount',
  version: 1,
  params: shape({
    filesystem: askedName,
    path: text(PATH_BYTES_MAX),
    isMoved: optional(flag),
    atHome: optional(flag),
  }),
  result: pathShape,
})

/** The highest user or group id; the one above stands for none. */
export const ID_MAX = 0xffff_fffe

const id = integer(0, ID_MAX)
const idPairs = list(shape({ local: id, cloud: id }), 1024)

/** Users and groups of a machine, and who they are in a filesystem. */
export const idPairsShape = shape({ users: idPairs, groups: idPairs })

/** Says, or changes, who users and groups of this machine are in a filesystem. Faults: NotFound, HomeUnreachable, Invalid. */
export const filesystemIds = unary({
  name: 'filesystem.ids',
  version: 1,
  params: shape({ filesystem: askedName, to: optional(idPairsShape) }),
  result: idPairsShape,
})

/**
 * Makes this machine, which has all that was acknowledged of a filesystem, its home. `isForced` asks no controller: the home before must be
 * gone for good, or is none any more when it hears of it; a machine whose log lacks something is made it only so, when none that
 * has all answers, and the answer says in which epoch that log ends. The storage process is replaced. Faults: NotFound, NotInSync, Busy, NoController.
 */
export const filesystemPromote = unary({
  name: 'filesystem.promote',
  version: 1,
  params: shape({ filesystem: askedName, isForced: flag }),
  result: shape({ home: text(253), before: text(253), epoch: integer(), endsIn: optional(integer()) }),
  timeoutMs: 30_000,
})

/**
 * Unmounts a path, where this filesystem is mounted if one is named, forgets it and answers its real path. With `atHome` it is a path of the
 * machine the filesystem lives on. Faults: NotFound, Busy.
 */
export const filesystemUnmount = unary({
  name: 'filesystem.unmount',
  version: 1,
  params: shape({ path: text(PATH_BYTES_MAX), filesystem: optional(askedName), atHome: optional(flag) }),
  result: pathShape,
})

/** Resolves when everything written to the filesystem before is durable. */
export const filesystemSync = unary({
  name: 'filesystem.sync',
  version: 1,
  params: filesystemShape,
  result: nothing,
})
