import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import { assert, type ByteString, bytesOf } from '#base'
import { cliFault } from '../faults.ts'

/** System calls that Node has not. */
interface Native {
  readonly utimensat: (folder: number, path: Buffer, times: Buffer, flags: number) => number
  readonly mkfifo: (path: Buffer, mode: number) => number
}

let loaded: Native | undefined

/**
 * Sets the time of the last change of a file or symlink, to the nanosecond: Node's own calls count in parts of a second
 * and lose some, and have none for a time before 1970 with its parts. The time of the last access becomes the same.
 * Answers false when the system refuses. utimensat(2).
 */
export function setLocalTime(path: ByteString, mtimeNs: bigint): boolean {
  loaded ??= load()
  const second = mtimeNs >= 0n || mtimeNs % SECOND_NS === 0n ? mtimeNs / SECOND_NS : mtimeNs / SECOND_NS - 1n
  const times = Buffer.alloc(32)
  for (const at of [0, 16]) {
    times.writeBigInt64LE(second, at)
    times.writeBigInt64LE(mtimeNs - second * SECOND_NS, at + 8)
  }
  return loaded.utimensat(AT_FDCWD, cString(path), times, AT_SYMLINK_NOFOLLOW) === 0
}

/** Makes a fifo that its owner alone may use. Answers false when the system refuses. mkfifo(3). */
export function makeFifo(path: ByteString): boolean {
  loaded ??= load()
  return loaded.mkfifo(cString(path), 0o600) === 0
}

function cString(path: ByteString): Buffer {
  return Buffer.concat([bytesOf(path), NUL])
}

const SECOND_NS = 1_000_000_000n
const NUL = Buffer.alloc(1)
const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100

// Loaded when a file was got: no other command needs native code.
function load(): Native {
  assert(endianness() === 'LE', 'x64 and arm64 are little endian')
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
    const libc = koffi.load(null)
    return {
      utimensat: libc.func('int utimensat(int folder, uint8_t *path, uint8_t *times, int flags)'),
      mkfifo: libc.func('int mkfifo(uint8_t *path, unsigned int mode)'),
    }
  } catch (error) {
    throw cliFault('Local', `the package koffi cannot be loaded: ${String(error)}`, {
      hint: 'Run `npm start` once, which installs it.',
      cause: error,
    })
  }
}
