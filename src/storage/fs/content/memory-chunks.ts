import { createHash } from 'node:crypto'
import { type Awaitable, assert, type Digest, digestOf, Fault } from '#base'
import type { ChunkSource } from '../chunk-source.ts'
import type { Leaf } from './read-leaves.ts'
import { EMPTY_TREE, leafBytes, leafCount, type Tree, type TreeShape } from './shape.ts'
import { TreeStore } from './tree-store.ts'
import { updateTree } from './update-tree.ts'

/** Chunks in memory, for tests: counts reads, and answers later when asked to. */
export class MemoryChunks implements Pick<ChunkSource, 'put' | 'read'> {
  readonly chunks = new Map<Digest, Buffer>()
  reads = 0
  later = false

  async put(bytes: Uint8Array): Promise<Digest> {
    return this.add(bytes)
  }

  add(bytes: Uint8Array): Digest {
    const digest = digestOf(createHash('sha256').update(bytes).digest())
    this.chunks.set(digest, Buffer.from(bytes))
    return digest
  }

  read(digest: Digest, into: Uint8Array, offset: number): Awaitable<void> {
    this.reads++
    const chunk = this.chunks.get(digest)
    if (chunk === undefined) throw new Fault('ChunkMissing', { status: 404, retry: 'never' }, 'chunk is missing')
    assert(offset + into.length <= chunk.length, 'range lies outside the chunk')
    into.set(chunk.subarray(offset, offset + into.length))
    return this.later ? Promise.resolve() : undefined
  }
}

/** A store over chunks in memory. */
export function memoryStore(shape: TreeShape): { store: TreeStore; chunks: MemoryChunks } {
  const chunks = new MemoryChunks()
  return { store: new TreeStore(shape, chunks), chunks }
}

/** Seals a whole file at once; leaves of zeros are given as holes when `sparse`. */
export async function sealAll(store: TreeStore, bytes: Uint8Array, add: (leaf: Uint8Array) => Leaf): Promise<Tree> {
  const leaves = new Map<number, Leaf>()
  for (let i = 0; i < leafCount(store.shape, bytes.length); i++) {
    const start = i * store.shape.chunkBytes
    leaves.set(i, add(bytes.subarray(start, start + leafBytes(store.shape, bytes.length, i))))
  }
  return (await updateTree(store, EMPTY_TREE, { size: bytes.length, leaves })).tree
}
