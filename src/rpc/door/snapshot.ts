import { download, unary } from '../method.ts'
import { integer, long, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'
import { FILE_KINDS } from './file.ts'
import { askedName, filesystemShape, placeShape, TOLD_PATH_MAX } from './place.ts'

const named = shape({ filesystem: askedName, name: text(255) })

const snapshotRowShape = shape({
  name: text(255),
  root: text(100),
  createdNs: long,
})

/** A snapshot in one line; `root` is the CID of its manifest, which names all of it. */
export type SnapshotRow = ShapeOf<typeof snapshotRowShape>

/** Keeps a filesystem as it is now under a name. Faults: SnapshotExists, NameInvalid, TooManySnapshots. */
export const snapshotCreate = unary({
  name: 'snapshot.create',
  version: 1,
  params: named,
  result: snapshotRowShape,
})

/** Snapshots of a filesystem, oldest first. */
export const snapshotList = download({
  name: 'snapshot.list',
  version: 1,
  params: filesystemShape,
  item: snapshotRowShape,
  result: nothing,
})

/** Forgets a snapshot; its files stay where others hold them. Faults: SnapshotNotFound. */
export const snapshotRemove = unary({ name: 'snapshot.remove', version: 1, params: named, result: nothing })

/**
 * Brings a file or tree back as it was, in place of what is there: that goes only when all is there. Answers how many
 * names were made. Faults: SnapshotNotFound, PathNotFound, RestoreRefused, NotFound, Invalid.
 */
export const snapshotRestore = unary({
  name: 'snapshot.restore',
  version: 1,
  params: shape({ place: placeShape, name: text(255) }),
  result: shape({ restored: integer() }),
})

const changeShape = shape({
  /** A byte string; of a longer one the beginning, and `...` at the end. */
  path: text(TOLD_PATH_MAX),
  kind: word(...FILE_KINDS),
  change: word('added', 'removed', 'content', 'metadata'),
})

/** A path that differs; a moved file is removed in one place and added in the other. */
export type SnapshotChange = ShapeOf<typeof changeShape>

/** Paths that differ between a snapshot and a later one, or the filesystem as it is. Faults: SnapshotNotFound. */
export const snapshotDiff = download({
  name: 'snapshot.diff',
  version: 1,
  params: shape({ filesystem: askedName, from: text(255), to: optional(text(255)) }),
  item: changeShape,
  result: nothing,
})
