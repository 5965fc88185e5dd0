import { F_UNLCK, SEEK_SET } from './constants.ts'
import { bind } from './libc.ts'

const fcntlLockC = bind('fcntl', 'int', ['int', 'int', 'void *'])
const flockC = bind('flock', 'int', ['int', 'int'])

/** A byte range lock as fcntl(2) takes it; length 0 reaches to the end of the file. */
export interface LockRange {
  readonly type: number
  readonly start?: number
  readonly length?: number
  readonly whence?: number
}

/** What F_GETLK tells: undefined when the lock could be placed. */
export interface LockFound {
  readonly type: number
  readonly start: number
  readonly length: number
  readonly pid: number
}

/** fcntl(2) with F_SETLK, F_SETLKW or their OFD forms. */
export function setLock(fd: number, command: number, range: LockRange): void {
  fcntlLockC(fd, command, encode(range))
}

/** fcntl(2) with F_GETLK or F_OFD_GETLK: the first lock in the way. */
export function getLock(fd: number, command: number, range: LockRange): LockFound | undefined {
  const block = encode(range)
  fcntlLockC(fd, command, block)
  const type = block.readInt16LE(0)
  if (type === F_UNLCK) return undefined
  return {
    type,
    start: Number(block.readBigInt64LE(8)),
    length: Number(block.readBigInt64LE(16)),
    pid: block.readInt32LE(24),
  }
}

function encode(range: LockRange): Buffer {
  const block = Buffer.alloc(32)
  block.writeInt16LE(range.type, 0)
  block.writeInt16LE(range.whence ?? SEEK_SET, 2)
  block.writeBigInt64LE(BigInt(range.start ?? 0), 8)
  block.writeBigInt64LE(BigInt(range.length ?? 0), 16)
  return block
}

/** flock(2). */
export function flock(fd: number, operation: number): void {
  flockC(fd, operation)
}
