import { type Awaitable, andThen, fillZeros, isLater } from '#base'
import type { ChunkSource } from '../chunk-source.ts'
import { type Leaf, readLeaves } from '../content/read-leaves.ts'
import type { TreeStore } from '../content/tree-store.ts'
import type { Extent } from '../extent.ts'
import { STREAM_AFTER_BYTES } from '../limits.ts'
import type { Content } from '../operation.ts'

/** Reads file content as the home describes it: overlay over sealed tree over zeros. */
export class Reader {
  readonly #trees: TreeStore
  readonly #chunks: ChunkSource

  constructor(trees: TreeStore, chunks: ChunkSource) {
    this.#trees = trees
    this.#chunks = chunks
  }

  /** Fills `into` with the bytes from `offset`; what is nowhere is zeros. Every byte is verified by the store. */
  read(content: Content, offset: number, into: Uint8Array): Awaitable<void> {
    const later: PromiseLike<void>[] = []
    const wait = (step: Awaitable<void>): void => {
      if (isLater(step)) later.push(step)
    }
    const end = offset + into.byteLength
    let at = offset
    for (const extent of content.extents.within(offset, end)) {
      if (extent.offset > at) wait(this.#readSealed(content, at, into.subarray(at - offset, extent.offset - offset)))
      at = extent.offset + extent.bytes
      wait(this.#readExtent(extent, into.subarray(extent.offset - offset, at - offset)))
    }
    if (at < end) wait(this.#readSealed(content, at, into.subarray(at - offset)))
    return later.length === 0 ? undefined : Promise.all(later).then(() => undefined)
  }

  #readExtent(extent: Extent, into: Uint8Array): Awaitable<void> {
    if (extent.kind === 'chunk')
      return this.#chunks.read(extent.digest, into, extent.chunkOffset, extent.offset >= STREAM_AFTER_BYTES)
    if (extent.kind === 'inline') into.set(extent.data)
    else fillZeros(into)
  }

  #readSealed(content: Content, offset: number, into: Uint8Array): Awaitable<void> {
    const visible = Math.min(into.byteLength, Math.max(0, (content.tree?.visibleBytes ?? 0) - offset))
    fillZeros(into.subarray(visible))
    if (content.tree === undefined || visible === 0) return
    const { chunkBytes } = this.#trees.shape
    const first = Math.floor(offset / chunkBytes)
    const count = Math.floor((offset + visible - 1) / chunkBytes) - first + 1
    const tree = { digest: content.tree.root, size: content.tree.bytes }
    const leaves = readLeaves(this.#trees, tree, { first, count })
    return andThen(leaves, found => this.#readLeaves(found, offset, into.subarray(0, visible)))
  }

  #readLeaves(leaves: readonly Leaf[], offset: number, into: Uint8Array): Awaitable<void> {
    const { chunkBytes } = this.#trees.shape
    const later: PromiseLike<void>[] = []
    let done = 0
    for (const leaf of leaves) {
      const inside = (offset + done) % chunkBytes
      const part = into.subarray(done, done + chunkBytes - inside)
      const isStream = offset + done >= STREAM_AFTER_BYTES
      const step = leaf === 'hole' ? fillZeros(part) : this.#chunks.read(leaf, part, inside, isStream)
      if (isLater(step)) later.push(step)
      done += part.byteLength
    }
    return later.length === 0 ? undefined : Promise.all(later).then(() => undefined)
  }
}
