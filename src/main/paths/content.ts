import { createHash } from 'node:crypto'
import { type ByteString, isFault } from '#base'
import type { Ino, Vfs } from '#storage/fs'
import { TRANSFER_BYTES } from '../limits.ts'
import { done } from './answer.ts'

/** A file to read. */
export interface Source {
  readonly vfs: Vfs
  readonly ino: Ino
  /** For messages. */
  readonly path: ByteString
}

/** The bytes of a file in pieces of TRANSFER_BYTES; each piece has memory of its own. Aborting ends between two. */
export async function* bytesOfFile({ vfs, ino, path }: Source, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ; ) {
    signal.throwIfAborted()
    const into = Buffer.allocUnsafeSlow(TRANSFER_BYTES)
    const { bytes } = await done(vfs.read(ino, offset, into), path)
    if (bytes > 0) yield into.subarray(0, bytes)
    offset += bytes
    if (bytes < TRANSFER_BYTES) return
  }
}

/** SHA-256 and size of a file as the filesystem reads it. */
export async function hashFile(source: Source, signal: AbortSignal): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const bytes of bytesOfFile(source, signal)) {
    hash.update(bytes)
    size += bytes.byteLength
  }
  return { size, sha256: hash.digest('hex') }
}

/** Reads a whole file that is stored in full, so that everything damaged in it is known and set aside. */
export async function meetDamage({ vfs, ino, path }: Source, signal: AbortSignal): Promise<void> {
  const { size } = await done(vfs.attributes(ino), path)
  const into = Buffer.allocUnsafeSlow(TRANSFER_BYTES)
  for (let offset = 0; offset < size; offset += TRANSFER_BYTES) {
    signal.throwIfAborted()
    try {
      await vfs.read(ino, offset, into)
    } catch (error) {
      if (!isFault(error, 'ChunkDamaged')) throw error
    }
  }
}
