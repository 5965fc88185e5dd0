import { createHash } from 'node:crypto'
import { type Digest, digestOf } from '#base'
import { type ChunkWorkers, INLINE_BYTES_MAX } from '#storage/chunks'

/** A chunk with its name. */
export interface NamedChunk {
  readonly digest: Digest
  /** As they were given, or a copy that threads share. */
  readonly bytes: Uint8Array
}

/** Names bytes: small ones here, large ones by the workers, who take only bytes that threads share. */
export async function named(bytes: Uint8Array, workers: ChunkWorkers): Promise<NamedChunk> {
  if (!workers.threaded || bytes.byteLength <= INLINE_BYTES_MAX) {
    return { digest: digestOf(createHash('sha256').update(bytes).digest()), bytes }
  }
  const shared = bytes.buffer instanceof SharedArrayBuffer ? bytes : sharedCopy(bytes)
  const { digest } = await workers.hash({ bytes: shared, compress: false })
  return { digest, bytes: shared }
}

function sharedCopy(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength))
  copy.set(bytes)
  return copy
}
