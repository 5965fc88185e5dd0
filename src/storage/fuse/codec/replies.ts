import { assert, i64, raw, type Struct, struct, u16, u32, u64, u64big } from '#base'

// Payloads of replies and notifications as linux/fuse.h declares them.

/** `struct fuse_attr`. */
export const ATTR = struct({
  ino: u64,
  size: u64,
  blocks: u64,
  atime: i64,
  mtime: i64,
  ctime: i64,
  atimensec: u32,
  mtimensec: u32,
  ctimensec: u32,
  mode: u32,
  nlink: u32,
  uid: u32,
  gid: u32,
  rdev: u32,
  blksize: u32,
  flags: u32,
})
/** `struct fuse_entry_out` up to its `attr`. */
export const ENTRY_OUT = struct({
  nodeid: u64,
  generation: u64,
  entryValid: u64,
  attrValid: u64,
  entryValidNsec: u32,
  attrValidNsec: u32,
})
/** `struct fuse_attr_out` up to its `attr`. */
export const ATTR_OUT = struct({ attrValid: u64, attrValidNsec: u32, dummy: u32 })
/** `struct fuse_statx_out` with the `struct fuse_statx` it ends with. */
export const STATX_OUT = struct({
  attrValid: u64,
  attrValidNsec: u32,
  flags: u32,
  spare: raw(16),
  mask: u32,
  blksize: u32,
  attributes: u64,
  nlink: u32,
  uid: u32,
  gid: u32,
  mode: u16,
  spare0: u16,
  ino: u64,
  size: u64,
  blocks: u64,
  attributesMask: u64,
  atime: i64,
  atimensec: u32,
  atimeReserved: u32,
  btime: i64,
  btimensec: u32,
  btimeReserved: u32,
  ctime: i64,
  ctimensec: u32,
  ctimeReserved: u32,
  mtime: i64,
  mtimensec: u32,
  mtimeReserved: u32,
  rdevMajor: u32,
  rdevMinor: u32,
  devMajor: u32,
  devMinor: u32,
  spare2: raw(112),
})
export const OPEN_OUT = struct({ fh: u64, openFlags: u32, backingId: u32 })
export const WRITE_OUT = struct({ size: u32, padding: u32 })
export const COPY_FILE_RANGE_OUT = struct({ bytesCopied: u64 })
export const LSEEK_OUT = struct({ offset: u64 })
export const GETXATTR_OUT = struct({ size: u32, padding: u32 })
export const STATFS_OUT = struct({
  blocks: u64,
  bfree: u64,
  bavail: u64,
  files: u64,
  ffree: u64,
  bsize: u32,
  namelen: u32,
  frsize: u32,
  padding: u32,
  spare: raw(24),
})
/** `struct fuse_file_lock`; both ends of the range are in it. */
export const LK_OUT = struct({ start: u64big, end: u64big, type: u32, pid: u32 })
/** `struct fuse_init_out`. */
export const INIT_OUT = struct({
  major: u32,
  minor: u32,
  maxReadahead: u32,
  flags: u32,
  maxBackground: u16,
  congestionThreshold: u16,
  maxWrite: u32,
  timeGran: u32,
  maxPages: u16,
  mapAlignment: u16,
  flags2: u32,
  maxStackDepth: u32,
  requestTimeout: u16,
  unused: raw(22),
})
/** `struct fuse_dirent` up to its name; records are padded to 8 bytes. */
export const DIRENT = struct({ ino: u64, off: u64, namelen: u32, type: u32 })
export const INVAL_INODE_OUT = struct({ ino: u64, off: i64, len: i64 })
/** A NUL-terminated name follows, not counted by `namelen`. */
export const INVAL_ENTRY_OUT = struct({ parent: u64, namelen: u32, flags: u32 })
/** A NUL-terminated name follows, not counted by `namelen`. */
export const DELETE_OUT = struct({ parent: u64, child: u64, namelen: u32, padding: u32 })

const SIZES: readonly (readonly [Pick<Struct<never>, 'size'>, number])[] = [
  [ATTR, 88],
  [ENTRY_OUT, 40],
  [ATTR_OUT, 16],
  [STATX_OUT, 288],
  [OPEN_OUT, 16],
  [WRITE_OUT, 8],
  [COPY_FILE_RANGE_OUT, 8],
  [LSEEK_OUT, 8],
  [GETXATTR_OUT, 8],
  [STATFS_OUT, 80],
  [LK_OUT, 24],
  [INIT_OUT, 64],
  [DIRENT, 24],
  [INVAL_INODE_OUT, 24],
  [INVAL_ENTRY_OUT, 16],
  [DELETE_OUT, 24],
]
for (const [layout, size] of SIZES) assert(layout.size === size, `a reply of ${size} bytes has ${layout.size}`)
