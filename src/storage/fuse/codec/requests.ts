import { assert, i64, type Struct, struct, u32, u64, u64big } from '#base'

// Bodies of requests as linux/fuse.h declares them, in its order. Names behind them end with a NUL byte.

export const FORGET_IN = struct({ nlookup: u64 })
export const FORGET_ONE = struct({ nodeid: u64, nlookup: u64 })
export const BATCH_FORGET_IN = struct({ count: u32, dummy: u32 })
export const GETATTR_IN = struct({ getattrFlags: u32, dummy: u32, fh: u64 })
export const STATX_IN = struct({ getattrFlags: u32, reserved: u32, fh: u64, sxFlags: u32, sxMask: u32 })
export const MKNOD_IN = struct({ mode: u32, rdev: u32, umask: u32, padding: u32 })
export const MKDIR_IN = struct({ mode: u32, umask: u32 })
export const RENAME_IN = struct({ newdir: u64 })
export const RENAME2_IN = struct({ newdir: u64, flags: u32, padding: u32 })
export const LINK_IN = struct({ oldnodeid: u64 })
/** Times are signed seconds; nanoseconds count up from them. */
export const SETATTR_IN = struct({
  valid: u32,
  padding: u32,
  fh: u64,
  size: u64,
  lockOwner: u64,
  atime: i64,
  mtime: i64,
  ctime: i64,
  atimensec: u32,
  mtimensec: u32,
  ctimensec: u32,
  mode: u32,
  unused4: u32,
  uid: u32,
  gid: u32,
  unused5: u32,
})
export const OPEN_IN = struct({ flags: u32, openFlags: u32 })
export const CREATE_IN = struct({ flags: u32, mode: u32, umask: u32, openFlags: u32 })
export const READ_IN = struct({
  fh: u64,
  offset: u64,
  size: u32,
  readFlags: u32,
  lockOwner: u64,
  flags: u32,
  padding: u32,
})
export const WRITE_IN = struct({
  fh: u64,
  offset: u64,
  size: u32,
  writeFlags: u32,
  lockOwner: u64,
  flags: u32,
  padding: u32,
})
export const FSYNC_IN = struct({ fh: u64, fsyncFlags: u32, padding: u32 })
/** `fuse_release_in`. */
export const RELEASE_IN = struct({ fh: u64, flags: u32, releaseFlags: u32, lockOwner: u64big })
export const FLUSH_IN = struct({ fh: u64, unused: u32, padding: u32, lockOwner: u64big })
/** Both ends of the range are in it. */
export const LK_IN = struct({
  fh: u64,
  owner: u64big,
  start: u64big,
  end: u64big,
  type: u32,
  pid: u32,
  lkFlags: u32,
  padding: u32,
})
/** The long form, negotiated with SETXATTR_EXT; the short one ends after `flags`. */
export const SETXATTR_IN = struct({ size: u32, flags: u32, setxattrFlags: u32, padding: u32 })
export const SETXATTR_IN_SHORT = struct({ size: u32, flags: u32 })
export const GETXATTR_IN = struct({ size: u32, padding: u32 })
export const INIT_IN = struct({ major: u32, minor: u32, maxReadahead: u32, flags: u32 })
/** What follows {@link INIT_IN} when the kernel offers INIT_EXT. */
export const INIT_IN_EXT = struct({ flags2: u32 })
/** The number of the request that is interrupted, as two words. */
export const INTERRUPT_IN = struct({ uniqueLow: u32, uniqueHigh: u32 })
export const FALLOCATE_IN = struct({ fh: u64, offset: u64, length: u64, mode: u32, padding: u32 })
export const LSEEK_IN = struct({ fh: u64, offset: u64, whence: u32, padding: u32 })
export const COPY_FILE_RANGE_IN = struct({
  fhIn: u64,
  offIn: u64,
  nodeidOut: u64,
  fhOut: u64,
  offOut: u64,
  len: u64,
  flags: u64,
})

const SIZES: readonly (readonly [Pick<Struct<never>, 'size'>, number])[] = [
  [FORGET_IN, 8],
  [FORGET_ONE, 16],
  [BATCH_FORGET_IN, 8],
  [GETATTR_IN, 16],
  [STATX_IN, 24],
  [MKNOD_IN, 16],
  [MKDIR_IN, 8],
  [RENAME_IN, 8],
  [RENAME2_IN, 16],
  [LINK_IN, 8],
  [SETATTR_IN, 88],
  [OPEN_IN, 8],
  [CREATE_IN, 16],
  [READ_IN, 40],
  [WRITE_IN, 40],
  [FSYNC_IN, 16],
  [RELEASE_IN, 24],
  [FLUSH_IN, 24],
  [LK_IN, 48],
  [SETXATTR_IN, 16],
  [SETXATTR_IN_SHORT, 8],
  [GETXATTR_IN, 8],
  [INIT_IN, 16],
  [INTERRUPT_IN, 8],
  [FALLOCATE_IN, 32],
  [LSEEK_IN, 24],
  [COPY_FILE_RANGE_IN, 56],
]
for (const [layout, size] of SIZES) assert(layout.size === size, `a request body of ${size} bytes has ${layout.size}`)
