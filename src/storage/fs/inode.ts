import {
  assert,
  bytesOf,
  byteString,
  type ByteString,
  type Digest,
  digestOf,
  raw,
  i64big,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '#base'
import type { Attributes, FileKind, Ino } from './vfs.ts'

/** The root directory's inode number. */
export const ROOT_INO = 1 as Ino

/** Takes a number from a door or the disk as an inode number. */
export function inoOf(value: number): Ino {
  assert(Number.isSafeInteger(value) && value > 0, 'inode numbers are positive integers')
  return value as Ino
}

/** A file as the home keeps it: a row of the inode table. */
export interface Inode {
  readonly ino: Ino
  readonly kind: FileKind
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: number
  readonly rdev: number
  readonly size: number
  readonly atimeNs: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly btimeNs: bigint
  /** Quota root the inode counts against; 0 = none. Inherited at creation. */
  readonly quotaRoot: number
  /** The directory that holds its name; 0 when it has none, or has had more than one (see `isLinked`). */
  readonly parent: number
  /** Its name's place in the listing of `parent`; 0 when that is 0, and for the root. */
  readonly cookie: number
  /** True once it has had more than one name: its places are rows of their own. */
  readonly isLinked: boolean
  /** Directory: entries in it. */
  readonly entries: number
  /** Root of the sealed content; undefined when nothing is sealed. */
  readonly tree: SealedTree | undefined
  /** Bytes in overlay extents that are not holes. */
  readonly overlayBytes: number
  /** True when any extended attribute is set: saves the look-up for the many files that have none. */
  readonly hasXattrs: boolean
  /** A session of another machine has made it, and may have written to it what is not here: see `shared/delegations.ts`. */
  readonly isDelegated: boolean
  /** Target of a symlink. */
  readonly target: ByteString
}

/** The sealed part of a file's content. */
export interface SealedTree {
  /** Name of the root chunk. */
  readonly root: Digest
  /** File size the tree was built for; gives its shape. */
  readonly bytes: number
  /** Only this many bytes of the tree still belong to the file: a truncation lowers it. */
  readonly visibleBytes: number
  /** Bytes in leaves that are not holes. */
  readonly usedBytes: number
}

/** Row v1 of the inode table; a symlink's target follows. */
export const InodeRow = struct({
  version: u8,
  kind: u8,
  mode: u16,
  flags: u32,
  uid: u32,
  gid: u32,
  nlink: u32,
  rdev: u32,
  size: u64,
  atimeNs: i64big,
  mtimeNs: i64big,
  ctimeNs: i64big,
  btimeNs: i64big,
  quotaRoot: u32,
  entries: u32,
  parent: u64,
  cookie: u64,
  overlayBytes: u64,
  treeRoot: raw(32),
  treeBytes: u64,
  treeVisibleBytes: u64,
  treeUsedBytes: u64,
})
assert(InodeRow.size === 152, 'inode row v1 has 152 bytes')

/** The version of {@link InodeRow}. */
export const INODE_ROW_VERSION = 1

const KINDS: readonly FileKind[] = ['file', 'directory', 'symlink', 'fifo', 'socket', 'charDevice', 'blockDevice']
const KIND_NUMBERS = new Map(KINDS.map((kind, number) => [kind, number]))
const FLAG_TREE = 1
const FLAG_XATTRS = 2
const FLAG_LINKED = 4
const FLAG_DELEGATED = 8
const NO_ROOT = new Uint8Array(32)

/** The stored number of a file kind. */
export function kindNumber(kind: FileKind): number {
  const number = KIND_NUMBERS.get(kind)
  assert(number !== undefined, 'unknown kind')
  return number
}

/** The file kind of a stored number. */
export function kindOf(number: number): FileKind {
  const kind = KINDS[number]
  assert(kind !== undefined, 'unknown kind number')
  return kind
}

export function encodeInode(inode: Inode): Buffer {
  const bytes = Buffer.alloc(InodeRow.size + inode.target.length)
  const tree = inode.tree
  InodeRow.write(bytes, {
    version: INODE_ROW_VERSION,
    kind: kindNumber(inode.kind),
    mode: inode.mode,
    flags: flagsOf(inode),
    uid: inode.uid,
    gid: inode.gid,
    nlink: inode.nlink,
    rdev: inode.rdev,
    size: inode.size,
    atimeNs: inode.atimeNs,
    mtimeNs: inode.mtimeNs,
    ctimeNs: inode.ctimeNs,
    btimeNs: inode.btimeNs,
    quotaRoot: inode.quotaRoot,
    entries: inode.entries,
    parent: inode.parent,
    cookie: inode.cookie,
    overlayBytes: inode.overlayBytes,
    treeRoot: tree === undefined ? NO_ROOT : bytesOf(tree.root),
    treeBytes: tree?.bytes ?? 0,
    treeVisibleBytes: tree?.visibleBytes ?? 0,
    treeUsedBytes: tree?.usedBytes ?? 0,
  })
  if (inode.target.length > 0) bytes.write(inode.target, InodeRow.size, 'latin1')
  return bytes
}

function flagsOf({ tree, hasXattrs, isLinked, isDelegated }: Inode): number {
  const kept = (tree === undefined ? 0 : FLAG_TREE) | (hasXattrs ? FLAG_XATTRS : 0)
  return kept | (isLinked ? FLAG_LINKED : 0) | (isDelegated ? FLAG_DELEGATED : 0)
}

export function decodeInode(ino: Ino, bytes: Uint8Array): Inode {
  const row = InodeRow.read(bytes)
  assert(row.version === INODE_ROW_VERSION, `inode row of version ${row.version}`)
  return {
    ino,
    kind: kindOf(row.kind),
    mode: row.mode,
    uid: row.uid,
    gid: row.gid,
    nlink: row.nlink,
    rdev: row.rdev,
    size: row.size,
    atimeNs: row.atimeNs,
    mtimeNs: row.mtimeNs,
    ctimeNs: row.ctimeNs,
    btimeNs: row.btimeNs,
    quotaRoot: row.quotaRoot,
    parent: row.parent,
    cookie: row.cookie,
    isLinked: (row.flags & FLAG_LINKED) !== 0,
    entries: row.entries,
    overlayBytes: row.overlayBytes,
    hasXattrs: (row.flags & FLAG_XATTRS) !== 0,
    isDelegated: (row.flags & FLAG_DELEGATED) !== 0,
    tree: (row.flags & FLAG_TREE) === 0 ? undefined : treeOf(row),
    target: byteString(bytes.subarray(InodeRow.size)),
  }
}

/** What of an inode decides its attributes. */
type Shown = Omit<Attributes, 'blocks'> &
  Pick<Inode, 'target' | 'entries' | 'overlayBytes'> & { readonly tree: Pick<SealedTree, 'usedBytes'> | undefined }

/** What stat(2) shows of an inode. Space is estimated from overlay and sealed leaves, never above the size. */
export function attributesOf(inode: Shown): Attributes {
  const used = Math.min(roundUp(inode.size), roundUp(inode.overlayBytes + (inode.tree?.usedBytes ?? 0)))
  return {
    ino: inode.ino,
    kind: inode.kind,
    mode: inode.mode,
    nlink: inode.nlink,
    uid: inode.uid,
    gid: inode.gid,
    rdev: inode.rdev,
    size: sizeOf(inode),
    blocks: inode.kind === 'directory' ? 8 : used / 512,
    atimeNs: inode.atimeNs,
    mtimeNs: inode.mtimeNs,
    ctimeNs: inode.ctimeNs,
    btimeNs: inode.btimeNs,
    hasXattrs: inode.hasXattrs,
  }
}

function sizeOf(inode: Shown): number {
  if (inode.kind === 'directory') return Math.max(4096, inode.entries * 64)
  return inode.kind === 'symlink' ? inode.target.length : inode.size
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 4096) * 4096
}

function treeOf(row: {
  treeRoot: Uint8Array
  treeBytes: number
  treeVisibleBytes: number
  treeUsedBytes: number
}): SealedTree {
  return {
    root: digestOf(row.treeRoot),
    bytes: row.treeBytes,
    visibleBytes: row.treeVisibleBytes,
    usedBytes: row.treeUsedBytes,
  }
}
