import { type Digest, digestHex } from '#base'
import type { ChunkStore } from '#storage/chunks'
import { poolFault } from './faults.ts'

/** All bytes of a chunk of the own disk. Faults: ChunkMissing, ChunkDamaged, Io. */
export async function wholeChunk(store: ChunkStore, digest: Digest): Promise<Uint8Array> {
  const found = await store.find(digest)
  if (found === undefined) throw poolFault('ChunkMissing', `chunk ${digestHex(digest)} is not here`)
  const bytes = new Uint8Array(new SharedArrayBuffer(found.bytes))
  await store.read(digest, bytes, 0)
  return bytes
}
