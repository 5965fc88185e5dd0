import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import { assert, type ByteString, bytesOf } from '#base'
import { cliFault } from '../faults.ts'

type Utimensat = (folder: number, path: Buffer, times: Buffer, flags: number) => number

let loaded: Utimensat | undefined

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
  return loaded(AT_FDCWD, Buffer.concat([bytesOf(path), NUL]), times, AT_SYMLINK_NOFOLLOW) === 0
}

const SECOND_NS = 1_000_000_000n
const NUL = Buffer.alloc(1)
const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100

// Loaded when a file was got: no other command needs native code.
function load(): Utimensat {
  assert(endianness() === 'LE', 'x64 and arm64 are little endian')
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
    return koffi.load(null).func('int utimensat(int folder, uint8_t *path, uint8_t *times, int flags)')
  } catch (error) {
    throw cliFault('Local', `the package koffi cannot be loaded: ${String(error)}`, {
      hint: 'Run `npm start` once, which installs it.',
      cause: error,
    })
  }
}
