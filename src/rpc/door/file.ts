import { download, unary, upload } from '../method.ts'
import { flag, integer, long, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'
import { PATH_BYTES_MAX, placeShape } from './place.ts'
import { quotaShape } from './quota.ts'

/** Kinds of files. */
export const FILE_KINDS = ['file', 'directory', 'symlink', 'fifo', 'socket', 'charDevice', 'blockDevice'] as const

/** What stat(2) shows of a file. Times are nanoseconds since 1970. */
const attributes = {
  ino: integer(),
  kind: word(...FILE_KINDS),
  mode: integer(0, 0o7777),
  nlink: integer(),
  uid: integer(),
  gid: integer(),
  rdev: integer(),
  size: integer(),
  blocks: integer(),
  atimeNs: long,
  mtimeNs: long,
  ctimeNs: long,
  btimeNs: long,
  /** Where a symlink points, as a byte string. */
  target: optional(text(PATH_BYTES_MAX)),
}

const fileShape = shape(attributes)

/** A file's attributes. */
export type FileRow = ShapeOf<typeof fileShape>

const entryShape = shape({ name: text(255), ...attributes })

/** An entry of a directory with its attributes; the name is a byte string. */
export type EntryRow = ShapeOf<typeof entryShape>

/** Owner, mode and time to give a file; what is left out stays or gets its default. */
const looks = {
  mode: optional(integer(0, 0o7777)),
  uid: optional(integer(0, 2 ** 32 - 2)),
  gid: optional(integer(0, 2 ** 32 - 2)),
  mtimeNs: optional(long),
}

/** The attributes at a place; `follow` looks behind a last symlink. Faults: NotFound, NotADirectory, TooManyLinks. */
export const fileStat = unary({
  name: 'file.stat',
  version: 1,
  params: shape({ place: placeShape, follow: flag }),
  result: fileShape,
})

const descriptionShape = shape({
  ...attributes,
  /** Pieces written since its content was sealed. */
  extents: integer(),
  isSealed: flag,
  cid: optional(text(100)),
  /** Why it has no CID. */
  noCid: optional(text(PATH_BYTES_MAX * 2)),
  quota: optional(quotaShape),
})

/** A file's attributes, with what the filesystem knows of its content and limits. */
export type FileDescription = ShapeOf<typeof descriptionShape>

/**
 * What the filesystem knows of a place beyond stat(2), a last symlink not followed. With `cid`, its content is sealed
 * first: of a directory everything below. Faults: NotFound, NotADirectory, TooManyLinks.
 */
export const fileDescribe = unary({
  name: 'file.describe',
  version: 1,
  params: shape({ place: placeShape, cid: flag }),
  result: descriptionShape,
})

/** Entries of a directory, in its own order, without `.` and `..`. */
export const fileList = download({
  name: 'file.list',
  version: 1,
  params: shape({ place: placeShape }),
  item: entryShape,
  result: nothing,
})

/** The bytes of a file from `offset`; the result is the SHA-256 of the whole file as it was read. */
export const fileRead = download({
  name: 'file.read',
  version: 1,
  params: shape({ place: placeShape, offset: integer() }),
  item: nothing,
  result: shape({ size: integer(), sha256: text(64) }),
})

/** How much of an unfinished put is there; 0 when nothing is. */
export const filePartial = unary({
  name: 'file.partial',
  version: 1,
  params: shape({ place: placeShape }),
  result: shape({ size: integer() }),
})

/**
 * Puts a file under its name only when all of it is there: the bytes go from `offset` on to a partial file beside the
 * place; the last item names the SHA-256 of the whole file, which is compared with what the filesystem reads back; then
 * the partial file gets its looks and takes the place's name. Faults: Damaged (the partial file is gone), Occupied.
 */
export const filePut = upload({
  name: 'file.put',
  version: 1,
  params: shape({ place: placeShape, offset: integer(), ...looks }),
  item: shape({ sha256: optional(text(64)) }),
  result: shape({ size: integer() }),
})

/** The SHA-256 of a file as the filesystem reads it. */
export const fileHash = unary({
  name: 'file.hash',
  version: 1,
  params: shape({ place: placeShape }),
  result: shape({ size: integer(), sha256: text(64) }),
})

/** Makes a directory, symlink or fifo. A directory that is there is fine, other things there are Occupied. */
export const fileMake = unary({
  name: 'file.make',
  version: 1,
  params: shape({
    place: placeShape,
    kind: word('directory', 'symlink', 'fifo'),
    target: optional(text(PATH_BYTES_MAX)),
    ...looks,
  }),
  result: fileShape,
})

/** Gives a file, not what a symlink points to, owner, mode or time. */
export const fileSet = unary({
  name: 'file.set',
  version: 1,
  params: shape({ place: placeShape, ...looks }),
  result: fileShape,
})

/** Makes a second name for a file. */
export const fileLink = unary({
  name: 'file.link',
  version: 1,
  params: shape({ from: placeShape, to: placeShape }),
  result: nothing,
})

/** Removes a file, or with `recursive` a directory and all below. Answers how many names went. */
export const fileRemove = unary({
  name: 'file.remove',
  version: 1,
  params: shape({ place: placeShape, recursive: flag }),
  result: shape({ removed: integer() }),
})
