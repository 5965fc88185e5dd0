import fs from 'node:fs'
import { isSystemError } from '#base'

/** Bytes of the request read; `none` when there is none after all; `ended` when the mount is gone. */
export type ReadResult = number | 'none' | 'ended'

/** Reads one request from a /dev/fuse descriptor that does not block. */
export function readRequest(fd: number, into: Uint8Array): ReadResult {
  try {
    return fs.readSync(fd, into, 0, into.byteLength, null)
  } catch (error) {
    if (isSystemError(error)) {
      // ENOENT: the request was interrupted before it was read.
      if (error.code === 'EAGAIN' || error.code === 'EINTR' || error.code === 'ENOENT') return 'none'
      if (error.code === 'ENODEV' || error.code === 'ECONNABORTED' || error.code === 'EPERM') return 'ended'
    }
    throw error
  }
}

/** Writes one reply or notification: false when the kernel no longer waits for it. */
export function writeMessage(fd: number, message: Uint8Array, bytes = message.byteLength): boolean {
  try {
    fs.writeSync(fd, message, 0, bytes, null)
    return true
  } catch (error) {
    // ENOENT: the request was given up, or the inode is not cached. ENODEV: unmounted meanwhile.
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENODEV') || isSystemError(error, 'EINTR')) return false
    throw error
  }
}
