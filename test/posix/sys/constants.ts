// Figures of <fcntl.h>, <linux/fs.h>, <linux/falloc.h>, <sys/stat.h>, <sys/mman.h> on Linux for x86-64 and arm64.

const arm = process.arch === 'arm64'

export const AT_FDCWD = -100
export const AT_SYMLINK_NOFOLLOW = 0x100
export const AT_REMOVEDIR = 0x200
export const AT_EACCESS = 0x200
export const AT_SYMLINK_FOLLOW = 0x400
export const AT_EMPTY_PATH = 0x1000

export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_CREAT = 0o100
export const O_EXCL = 0o200
export const O_TRUNC = 0o1000
export const O_APPEND = 0o2000
export const O_NONBLOCK = 0o4000
export const O_DSYNC = 0o10000
export const O_SYNC = 0o4010000
export const O_DIRECTORY = arm ? 0o40000 : 0o200000
export const O_NOFOLLOW = arm ? 0o100000 : 0o400000
export const O_NOATIME = 0o1000000
export const O_CLOEXEC = 0o2000000
export const O_PATH = 0o10000000
export const O_TMPFILE = 0o20000000 | O_DIRECTORY

export const S_IFMT = 0o170000
export const S_IFSOCK = 0o140000
export const S_IFLNK = 0o120000
export const S_IFREG = 0o100000
export const S_IFBLK = 0o060000
export const S_IFDIR = 0o040000
export const S_IFCHR = 0o020000
export const S_IFIFO = 0o010000

export const RENAME_NOREPLACE = 1
export const RENAME_EXCHANGE = 2
export const RENAME_WHITEOUT = 4

export const FALLOC_FL_KEEP_SIZE = 0x01
export const FALLOC_FL_PUNCH_HOLE = 0x02
export const FALLOC_FL_COLLAPSE_RANGE = 0x08
export const FALLOC_FL_ZERO_RANGE = 0x10
export const FALLOC_FL_INSERT_RANGE = 0x20
export const FALLOC_FL_UNSHARE_RANGE = 0x40

export const SEEK_SET = 0
export const SEEK_CUR = 1
export const SEEK_END = 2
export const SEEK_DATA = 3
export const SEEK_HOLE = 4

export const UTIME_NOW = 0x3fffffff
export const UTIME_OMIT = 0x3ffffffe

export const XATTR_CREATE = 1
export const XATTR_REPLACE = 2

export const F_DUPFD = 0
export const F_GETFL = 3
export const F_SETFL = 4
export const F_GETLK = 5
export const F_SETLK = 6
export const F_SETLKW = 7
export const F_OFD_GETLK = 36
export const F_OFD_SETLK = 37
export const F_OFD_SETLKW = 38
export const F_RDLCK = 0
export const F_WRLCK = 1
export const F_UNLCK = 2

export const LOCK_SH = 1
export const LOCK_EX = 2
export const LOCK_NB = 4
export const LOCK_UN = 8

export const PROT_READ = 1
export const PROT_WRITE = 2
export const MAP_SHARED = 1
export const MAP_PRIVATE = 2
export const MS_ASYNC = 1
export const MS_INVALIDATE = 2
export const MS_SYNC = 4

export const R_OK = 4
export const W_OK = 2
export const X_OK = 1
export const F_OK = 0

/** Numbers of the calls made raw, because the libc wrapper would change every thread of the process. */
export const NR = arm
  ? { setresuid: 147, setresgid: 149, setgroups: 159 }
  : { setresuid: 117, setresgid: 119, setgroups: 116 }
