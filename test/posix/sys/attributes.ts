import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, UTIME_NOW, UTIME_OMIT } from './constants.ts'
import { bind, bindPlain, cString, type Path } from './libc.ts'

const statxC = bind('statx', 'int', ['int', 'void *', 'int', 'uint32_t', 'void *'])
const statfsC = bind('statfs', 'int', ['void *', 'void *'])
const fchmodatC = bind('fchmodat', 'int', ['int', 'void *', 'uint32_t', 'int'])
const fchmodC = bind('fchmod', 'int', ['int', 'uint32_t'])
const fchownatC = bind('fchownat', 'int', ['int', 'void *', 'int', 'int', 'int'])
const fchownC = bind('fchown', 'int', ['int', 'int', 'int'])
const utimensatC = bind('utimensat', 'int', ['int', 'void *', 'void *', 'int'])
const futimensC = bind('futimens', 'int', ['int', 'void *'])
const umaskC = bindPlain('umask', 'uint32_t', ['uint32_t'])

const STATX_BASIC_AND_BTIME = 0xfff

/** What statx(2) tells; times are nanoseconds since 1970. */
export interface Stat {
  readonly mode: number
  readonly type: number
  readonly permissions: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly ino: bigint
  readonly size: number
  readonly blocks: number
  readonly blockSize: number
  readonly atime: bigint
  readonly mtime: bigint
  readonly ctime: bigint
  readonly rdev: { readonly major: number; readonly minor: number }
  readonly dev: string
}

/** statx(2) of a path (following symlinks) or of a descriptor. */
export function stat(file: Path | number, flags = 0): Stat {
  const b = Buffer.alloc(256)
  if (typeof file === 'number') statxC(file, cString(''), AT_EMPTY_PATH, STATX_BASIC_AND_BTIME, b)
  else statxC(AT_FDCWD, cString(file), flags, STATX_BASIC_AND_BTIME, b)
  const time = (at: number) => b.readBigInt64LE(at) * 1_000_000_000n + BigInt(b.readUInt32LE(at + 8))
  const mode = b.readUInt16LE(28)
  return {
    mode,
    type: mode & 0o170000,
    permissions: mode & 0o7777,
    nlink: b.readUInt32LE(16),
    uid: b.readUInt32LE(20),
    gid: b.readUInt32LE(24),
    ino: b.readBigUInt64LE(32),
    size: Number(b.readBigUInt64LE(40)),
    blocks: Number(b.readBigUInt64LE(48)),
    blockSize: b.readUInt32LE(4),
    atime: time(64),
    ctime: time(96),
    mtime: time(112),
    rdev: { major: b.readUInt32LE(128), minor: b.readUInt32LE(132) },
    dev: `${b.readUInt32LE(136)}:${b.readUInt32LE(140)}`,
  }
}

/** statx(2) of the name itself, symlinks not followed. */
export function lstat(path: Path): Stat {
  return stat(path, AT_SYMLINK_NOFOLLOW)
}

/** What statfs(2) tells of the filesystem that holds the path. */
export interface FsStat {
  readonly type: number
  readonly blockSize: number
  readonly blocks: number
  readonly blocksFree: number
  readonly blocksAvailable: number
  readonly files: number
  readonly filesFree: number
  readonly nameBytesMax: number
  readonly fragmentSize: number
}

/** statfs(2). */
export function statfs(path: Path): FsStat {
  const b = Buffer.alloc(256)
  statfsC(cString(path), b)
  const word = (index: number) => Number(b.readBigUInt64LE(index * 8))
  return {
    type: word(0),
    blockSize: word(1),
    blocks: word(2),
    blocksFree: word(3),
    blocksAvailable: word(4),
    files: word(5),
    filesFree: word(6),
    nameBytesMax: word(8),
    fragmentSize: word(9),
  }
}

/** chmod(2) of a path, fchmod(2) of a descriptor. */
export function chmod(file: Path | number, mode: number): void {
  if (typeof file === 'number') fchmodC(file, mode)
  else fchmodatC(AT_FDCWD, cString(file), mode, 0)
}

/** Sets owner and group by chown(2) or fchown(2); -1 leaves one as it is. */
export function chown(file: Path | number, uid: number, gid: number): void {
  if (typeof file === 'number') fchownC(file, uid, gid)
  else fchownatC(AT_FDCWD, cString(file), uid, gid, 0)
}

/** lchown(2). */
export function lchown(path: Path, uid: number, gid: number): void {
  fchownatC(AT_FDCWD, cString(path), uid, gid, AT_SYMLINK_NOFOLLOW)
}

/** A time to set: nanoseconds since 1970, the clock's, or as it is. */
export type TimeToSet = bigint | 'now' | 'omit'

/** utimensat(2) of a path, futimens(3) of a descriptor. */
export function utimens(file: Path | number, times: { atime: TimeToSet; mtime: TimeToSet }, flags = 0): void {
  const b = Buffer.alloc(32)
  writeTime(b, 0, times.atime)
  writeTime(b, 16, times.mtime)
  if (typeof file === 'number') futimensC(file, b)
  else utimensatC(AT_FDCWD, cString(file), b, flags)
}

/** utimensat(2) with a null pointer: both times from the clock. */
export function touch(path: Path): void {
  utimensatC(AT_FDCWD, cString(path), null, 0)
}

function writeTime(block: Buffer, at: number, time: TimeToSet): void {
  if (typeof time === 'string') {
    block.writeBigInt64LE(BigInt(time === 'now' ? UTIME_NOW : UTIME_OMIT), at + 8)
    return
  }
  const nanoseconds = ((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  block.writeBigInt64LE((time - nanoseconds) / 1_000_000_000n, at)
  block.writeBigInt64LE(nanoseconds, at + 8)
}

/** umask(2); returns the mask before. */
export function umask(mask: number): number {
  return umaskC(mask)
}
