/** The protocol's major version, and the newest minor version spoken here. */
export const PROTOCOL = { major: 7, minor: 45, minorMin: 31 } as const

/** First word of INIT flags (linux/fuse.h). */
export const INIT = {
  ASYNC_READ: 1 << 0,
  POSIX_LOCKS: 1 << 1,
  ATOMIC_O_TRUNC: 1 << 3,
  BIG_WRITES: 1 << 5,
  DONT_MASK: 1 << 6,
  DO_READDIRPLUS: 1 << 13,
  FLOCK_LOCKS: 1 << 10,
  ASYNC_DIO: 1 << 15,
  WRITEBACK_CACHE: 1 << 16,
  PARALLEL_DIROPS: 1 << 18,
  POSIX_ACL: 1 << 20,
  MAX_PAGES: 1 << 22,
  CACHE_SYMLINKS: 1 << 23,
  NO_OPENDIR_SUPPORT: 1 << 24,
  EXPLICIT_INVAL_DATA: 1 << 25,
  HANDLE_KILLPRIV_V2: 1 << 28,
  SETXATTR_EXT: 1 << 29,
  INIT_EXT: 1 << 30,
} as const

/** Second word of INIT flags, each shifted down by 32. */
export const INIT2 = {
  NO_EXPORT_SUPPORT: 1 << 6,
  HAS_RESEND: 1 << 7,
} as const

/** `fuse_setattr_in.valid`. */
export const FATTR = {
  MODE: 1 << 0,
  UID: 1 << 1,
  GID: 1 << 2,
  SIZE: 1 << 3,
  ATIME: 1 << 4,
  MTIME: 1 << 5,
  ATIME_NOW: 1 << 7,
  MTIME_NOW: 1 << 8,
  CTIME: 1 << 10,
  KILL_SUIDGID: 1 << 11,
} as const

/** Flags answered to OPEN and CREATE. */
export const FOPEN = { KEEP_CACHE: 1 << 1, CACHE_DIR: 1 << 3, NOFLUSH: 1 << 5 } as const

/** `fuse_open_in.open_flags`. */
export const OPEN_KILL_SUIDGID = 1 << 0

/** `fuse_write_in.write_flags`. CACHE: delayed write of the page cache, its file flags are guessed. */
export const WRITE = { CACHE: 1 << 0, KILL_SUIDGID: 1 << 2 } as const

/** `fuse_fsync_in.fsync_flags`. */
export const FSYNC_DATA = 1 << 0

/** `fuse_setxattr_in.setxattr_flags`: a new access ACL takes the setgid bit away. */
export const SETXATTR_ACL_KILL_SGID = 1 << 0

/** setxattr(2) flags. */
export const XATTR = { CREATE: 1, REPLACE: 2 } as const

/** open(2) flags of the generic layout, which x86-64 and arm64 share for these. */
export const OPEN = { ACCMODE: 3, RDONLY: 0, EXCL: 0o200, TRUNC: 0o1000, APPEND: 0o2000, NOATIME: 0o1000000 } as const

/** `fuse_lk_in.lk_flags`: flock(2) asks, not fcntl(2). */
export const LK_FLOCK = 1 << 0

/** fcntl(2) lock types, and the end of a range that has none (`OFFSET_MAX`). */
export const LOCK = { READ: 0, WRITE: 1, NONE: 2, END: 2n ** 63n - 1n } as const

/** renameat2(2) flags. */
export const RENAME = { NOREPLACE: 1, EXCHANGE: 2, WHITEOUT: 4 } as const

/** fallocate(2) modes. */
export const FALLOCATE = { KEEP_SIZE: 1, PUNCH_HOLE: 2, ZERO_RANGE: 0x10 } as const

/** lseek(2) with holes. */
export const SEEK = { DATA: 3, HOLE: 4 } as const

/** statx(2) mask bits: everything of stat(2), and the time of birth. */
export const STATX = { BASIC_STATS: 0x7ff, BTIME: 0x800 } as const

/** Set in the high half of a request's number when it is sent again after NOTIFY_RESEND. */
export const UNIQUE_HIGH_RESEND = 0x8000_0000
