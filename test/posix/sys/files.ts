import { AT_FDCWD, O_RDONLY } from './constants.ts'
import { bind, cString, type Path } from './libc.ts'

const openatC = bind('openat', 'int', ['int', 'void *', 'int', 'uint32_t'])
const closeC = bind('close', 'int', ['int'])
const readC = bind('read', 'long', ['int', 'void *', 'size_t'])
const preadC = bind('pread', 'long', ['int', 'void *', 'size_t', 'int64_t'])
const writeC = bind('write', 'long', ['int', 'void *', 'size_t'])
const pwriteC = bind('pwrite', 'long', ['int', 'void *', 'size_t', 'int64_t'])
const lseekC = bind('lseek', 'int64_t', ['int', 'int64_t', 'int'])
const truncateC = bind('truncate', 'int', ['void *', 'int64_t'])
const ftruncateC = bind('ftruncate', 'int', ['int', 'int64_t'])
const fallocateC = bind('fallocate', 'int', ['int', 'int', 'int64_t', 'int64_t'])
const copyFileRangeC = bind('copy_file_range', 'long', ['int', 'void *', 'int', 'void *', 'size_t', 'uint32_t'])
const fsyncC = bind('fsync', 'int', ['int'])
const fdatasyncC = bind('fdatasync', 'int', ['int'])
const syncFileRangeC = bind('sync_file_range', 'int', ['int', 'int64_t', 'int64_t', 'uint32_t'])
const getdents64C = bind('getdents64', 'long', ['int', 'void *', 'size_t'])
const fcntlC = bind('fcntl', 'int', ['int', 'int', 'long'])

/** openat(2). */
export function open(path: Path, flags = O_RDONLY, mode = 0o644, at = AT_FDCWD): number {
  return openatC(at, cString(path), flags, mode)
}

/** close(2). */
export function close(fd: number): void {
  closeC(fd)
}

/** read(2), or pread(2) when an offset is given; at most `size` bytes. */
export function read(fd: number, size: number, offset?: number): Buffer {
  const bytes = Buffer.alloc(size)
  const got = offset === undefined ? readC(fd, bytes, size) : preadC(fd, bytes, size, offset)
  return bytes.subarray(0, got)
}

/** write(2), or pwrite(2) when an offset is given. */
export function write(fd: number, data: string | Buffer, offset?: number): number {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return offset === undefined ? writeC(fd, bytes, bytes.length) : pwriteC(fd, bytes, bytes.length, offset)
}

/** lseek(2); whence may be SEEK_HOLE or SEEK_DATA. */
export function lseek(fd: number, offset: number, whence: number): number {
  return lseekC(fd, offset, whence)
}

/** truncate(2) of a path, ftruncate(2) of a descriptor. */
export function truncate(file: Path | number, size: number): void {
  if (typeof file === 'number') ftruncateC(file, size)
  else truncateC(cString(file), size)
}

/** fallocate(2). */
export function fallocate(fd: number, mode: number, offset: number, length: number): void {
  fallocateC(fd, mode, offset, length)
}

/** One copy_file_range(2) between given offsets (or the file positions where an offset is absent); returns bytes copied. */
export function copyFileRange(
  from: { fd: number; offset?: number },
  to: { fd: number; offset?: number },
  length: number,
): number {
  return copyFileRangeC(from.fd, offsetCell(from.offset), to.fd, offsetCell(to.offset), length, 0)
}

function offsetCell(offset: number | undefined): Buffer | null {
  if (offset === undefined) return null
  const cell = Buffer.alloc(8)
  cell.writeBigInt64LE(BigInt(offset))
  return cell
}

/** fsync(2). */
export function fsync(fd: number): void {
  fsyncC(fd)
}

/** fdatasync(2). */
export function fdatasync(fd: number): void {
  fdatasyncC(fd)
}

/** sync_file_range(2) with wait-before, write and wait-after. */
export function syncFileRange(fd: number, offset: number, length: number): void {
  syncFileRangeC(fd, offset, length, 7)
}

/** fcntl(2) with a plain number. */
export function fcntl(fd: number, command: number, value = 0): number {
  return fcntlC(fd, command, value)
}

/** One name of a directory as getdents64(2) gives it; `cookie` is d_off, the position after it. */
export interface Dirent {
  readonly ino: bigint
  readonly cookie: bigint
  readonly type: number
  readonly name: Buffer
}

/** One getdents64(2) call into `size` bytes; empty at the end. */
export function getdents(fd: number, size = 32768): Dirent[] {
  const block = Buffer.alloc(size)
  const end = getdents64C(fd, block, size)
  const found: Dirent[] = []
  for (let at = 0; at < end; at += block.readUInt16LE(at + 16)) {
    const name = block.subarray(at + 19, block.indexOf(0, at + 19))
    found.push({
      ino: block.readBigUInt64LE(at),
      cookie: block.readBigInt64LE(at + 8),
      type: block.readUInt8(at + 18),
      name: Buffer.from(name),
    })
  }
  return found
}

/** lseek(2) of a directory to a d_off cookie, which may need all 63 bits. */
export function seekdir(fd: number, cookie: bigint): void {
  seekCookieC(fd, cookie, 0)
}

const seekCookieC = bind('lseek', 'int64_t', ['int', 'int64_t', 'int'])
