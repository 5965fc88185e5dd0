import { unary } from '../method.ts'
import { flag, integer, nothing, type ShapeOf, shape, text, word } from '../shape.ts'
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
})

/** A filesystem in one line. */
export type FilesystemRow = ShapeOf<typeof filesystemRowShape>

const pathShape = shape({ path: text(PATH_BYTES_MAX) })

/** Makes an empty filesystem. Faults: Invalid, Occupied. */
export const filesystemCreate = unary({
  name: 'filesystem.create',
  version: 1,
  params: filesystemShape,
  result: nothing,
})

/**
 * Removes a filesystem for good: one that is empty, or `isForced` with all its files and snapshots. `home` stays. Faults:
 * Invalid, NotFound, Busy (it is mounted, or will be at the next start), NotEmpty.
 */
export const filesystemRemove = unary({
  name: 'filesystem.remove',
  version: 1,
  params: shape({ filesystem: askedName, isForced: flag }),
  result: nothing,
})

/**
 * Mounts a filesystem that is not mounted yet at a folder, remembers it for the next start and answers its real path.
 * The storage process is replaced by one that holds the new mount, so connections end after the answer. Faults:
 * NotFound, Occupied, NotEmpty, WrongKind, FuseUnavailable.
 */
export const filesystemMount = unary({
  name: 'filesystem.mount',
  version: 1,
  params: shape({ filesystem: askedName, path: text(PATH_BYTES_MAX) }),
  result: pathShape,
})

/** Unmounts a path, forgets it and answers its real path. Faults: NotFound, Busy. */
export const filesystemUnmount = unary({
  name: 'filesystem.unmount',
  version: 1,
  params: pathShape,
  result: pathShape,
})

/** Resolves when everything written to the filesystem before is durable. */
export const filesystemSync = unary({
  name: 'filesystem.sync',
  version: 1,
  params: filesystemShape,
  result: nothing,
})
