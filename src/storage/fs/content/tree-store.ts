import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Awaitable, andThen, type Digest, digestHex, digestOf, isLater } from '#base'
import type { ChunkSource } from '../chunk-source.ts'
import { contentFault } from './faults.ts'
import { NODE_CACHE_BYTES } from './limits.ts'
import { childAt, decodeNode, encodeNode, nodeBytes, type TreeNode } from './node.ts'
import { childCount, type Subtree, type TreeShape } from './shape.ts'
import { Zeros } from './zeros.ts'

/** Decoded interior nodes by digest, the least recently used dropped first. */
export type NodeCache = LRUCache<Digest, TreeNode>

/** A cache of decoded nodes that may be shared by filesystems of one shape. */
export function nodeCache(bytesMax = NODE_CACHE_BYTES): NodeCache {
  return new LRUCache({ maxSize: bytesMax, sizeCalculation: node => node.digests.length + NODE_OVERHEAD_BYTES })
}

/** Where content trees of one shape are read and written: chunks below, decoded nodes in memory. */
export class TreeStore {
  readonly shape: TreeShape
  readonly zeros: Zeros
  readonly #chunks: Pick<ChunkSource, 'put' | 'read'>
  readonly #nodes: NodeCache

  constructor(shape: TreeShape, chunks: Pick<ChunkSource, 'put' | 'read'>, nodes: NodeCache = nodeCache()) {
    this.shape = shape
    this.zeros = new Zeros(shape)
    this.#chunks = chunks
    this.#nodes = nodes
  }

  /**
   * The root node of a subtree of height 1 or more: at once when it is in memory or a constant, else read, checked
   * against its digest and decoded. Faults: NodeDamaged, NodeInvalid, and those of `ChunkSource.read`.
   */
  node(subtree: Subtree): Awaitable<TreeNode> {
    if (this.zeros.isHole(subtree)) return this.zeros.node(subtree.height)
    const known = this.#nodes.get(subtree.digest)
    if (known?.height === subtree.height && known.bytes === subtree.bytes) return known
    const bytes = Buffer.allocUnsafeSlow(nodeBytes(this.shape, subtree))
    return andThen(this.#chunks.read(subtree.digest, bytes, 0), () => this.#take(subtree, bytes))
  }

  /** The subtrees right below the root of one, holes left out: the edges that count as references. */
  children(subtree: Subtree): Awaitable<Subtree[]> {
    if (subtree.height === 0) return []
    return andThen(this.node(subtree), node => {
      const all = Array.from({ length: childCount(this.shape, node) }, (_, i) => childAt(this.shape, node, i))
      return all.filter(child => !this.zeros.isHole(child))
    })
  }

  /** Stores a node, unless it is a constant, and resolves to its digest. Faults: those of `ChunkSource.put`. */
  async put(node: TreeNode): Promise<{ readonly digest: Digest; readonly stored: boolean }> {
    if (this.#isZero(node)) return { digest: this.zeros.full(node.height), stored: false }
    const digest = await this.#chunks.put(encodeNode(this.shape, node))
    this.#nodes.set(digest, node)
    return { digest, stored: true }
  }

  #take(subtree: Subtree, bytes: Buffer): TreeNode {
    if (digestOf(createHash('sha256').update(bytes).digest()) !== subtree.digest) {
      throw contentFault('NodeDamaged', `content node ${digestHex(subtree.digest)} does not match its digest`, {
        hint: 'Remove the file and put it again from a backup; `cairn doctor` names all that is damaged.',
      })
    }
    const node = decodeNode(this.shape, subtree, bytes)
    this.#nodes.set(subtree.digest, node)
    return node
  }

  #isZero(node: TreeNode): boolean {
    const zero = this.zeros.node(node.height)
    return node.bytes === zero.bytes && node.digests.equals(zero.digests)
  }
}

/** A step-wise look at a tree: yields the subtree whose root node it needs next, is given the node. */
export type Walk<Value> = Generator<Subtree, Value, TreeNode>

/** Runs a walk: to its end at once while nodes are in memory, later from the first that is not. */
export function runWalk<Value>(store: TreeStore, steps: Walk<Value>): Awaitable<Value> {
  let step = steps.next()
  while (step.done !== true) {
    const node = store.node(step.value)
    if (isLater(node)) return finishWalk(store, steps, node)
    step = steps.next(node)
  }
  return step.value
}

async function finishWalk<Value>(store: TreeStore, steps: Walk<Value>, first: PromiseLike<TreeNode>): Promise<Value> {
  let step = steps.next(await first)
  while (step.done !== true) step = steps.next(await store.node(step.value))
  return step.value
}

/** What a cached node costs beside its digests. */
const NODE_OVERHEAD_BYTES = 256
