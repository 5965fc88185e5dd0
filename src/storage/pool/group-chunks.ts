import { createHash } from 'node:crypto'
import { digestBytes, type Digest, digestOf } from '#base'
import type { ChunkStore, ListedChunk } from '#storage/chunks'
import { groupOf } from '#storage/placement'

/** Groups by which a store lists its chunks: by the first 12 bits of the digest. */
const STORE_GROUPS = 4096

/** What a store has of a group of a pool of so many groups, in byte order. */
export async function groupChunks(store: ChunkStore, groups: number, group: number): Promise<readonly ListedChunk[]> {
  if (groups === STORE_GROUPS) return await store.list(group)
  if (groups > STORE_GROUPS) {
    const all = await store.list(Math.floor(group / (groups / STORE_GROUPS)))
    return all.filter(({ digest }) => groupOf(digest, groups) === group)
  }
  const share = STORE_GROUPS / groups
  const parts: ListedChunk[] = []
  for (let number = 0; number < share; number++) parts.push(...(await store.list(group * share + number)))
  return parts
}

/** What of it counts as copies. */
export async function heldOf(store: ChunkStore, groups: number, group: number): Promise<ListedChunk[]> {
  return (await groupChunks(store, groups, group)).filter(({ state }) => state === 'held')
}

/** SHA-256 over digests in byte order: equal on machines that hold the same chunks of a group. */
export function digestOfAll(chunks: readonly { readonly digest: Digest }[]): Digest {
  const hash = createHash('sha256')
  for (const { digest } of chunks) hash.update(digestBytes(digest))
  return digestOf(hash.digest())
}
