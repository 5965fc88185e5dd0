import { createHash } from 'node:crypto'
import { digestBytes, type Digest, digestOf } from '#base'
import type { ChunkStore, ListedChunk } from '#storage/chunks'

/** What a store has of one of so many groups that counts as copies, in byte order. */
export async function heldOf(store: ChunkStore, groups: number, group: number): Promise<ListedChunk[]> {
  return (await store.list(group, groups)).filter(({ state }) => state === 'held')
}

/** SHA-256 over digests in byte order: equal on machines that hold the same chunks of a group. */
export function digestOfAll(chunks: readonly { readonly digest: Digest }[]): Digest {
  const hash = createHash('sha256')
  for (const { digest } of chunks) hash.update(digestBytes(digest))
  return digestOf(hash.digest())
}
