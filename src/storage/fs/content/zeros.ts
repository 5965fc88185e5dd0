import { createHash, type Hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { assert, DIGEST_BYTES, type Digest, digestBytes, digestOf } from '#base'
import { ZERO_LEAVES_MAX } from './limits.ts'
import { encodeNode, type TreeNode } from './node.ts'
import { fullBytes, type Subtree, type TreeShape } from './shape.ts'

/**
 * The subtrees of nothing but zeros that are never stored: leaves of any length, and full subtrees of each height.
 * They are known by their digest. (A partial interior node of zeros lies on the right edge of its file and is stored:
 * there are at most as many as the tree is high, and recognising them would cost more than keeping them.)
 */
export class Zeros {
  readonly #shape: TreeShape
  readonly #partialLeaves = new LRUCache<number, Digest>({ max: ZERO_LEAVES_MAX })
  /** The hash of `i * #step` zeros, so that the digest of any length costs one step at most. */
  readonly #states: Hash[] = [createHash('sha256')]
  readonly #step: Buffer
  readonly #nodes: TreeNode[] = []
  readonly #digests: Digest[] = []

  constructor(shape: TreeShape) {
    this.#shape = shape
    this.#step = Buffer.alloc(Math.ceil(shape.chunkBytes / 256))
  }

  /** The digest of this many zero bytes, at most a chunk. */
  leaf(bytes: number): Digest {
    if (bytes === this.#shape.chunkBytes) return this.full(0)
    const known = this.#partialLeaves.get(bytes)
    if (known !== undefined) return known
    const digest = this.#hash(bytes)
    this.#partialLeaves.set(bytes, digest)
    return digest
  }

  /** The digest of the full subtree of zeros of this height. */
  full(height: number): Digest {
    const known = this.#digests[height]
    if (known !== undefined) return known
    const digest =
      height === 0
        ? this.#hash(this.#shape.chunkBytes)
        : digestOf(
            createHash('sha256')
              .update(encodeNode(this.#shape, this.node(height)))
              .digest(),
          )
    this.#digests[height] = digest
    return digest
  }

  /** The root of the full subtree of zeros of this height, at least 1; made without I/O and shared. */
  node(height: number): TreeNode {
    assert(height > 0, 'a leaf is no node')
    const known = this.#nodes[height]
    if (known !== undefined) return known
    const digests = Buffer.alloc(this.#shape.linksMax * DIGEST_BYTES, digestBytes(this.full(height - 1)))
    const node: TreeNode = { height, bytes: fullBytes(this.#shape, height), digests }
    this.#nodes[height] = node
    return node
  }

  /** True for a subtree that is one of these constants: it reads as zeros, is not stored and not counted. */
  isHole(subtree: Subtree): boolean {
    if (subtree.height === 0) return subtree.digest === this.leaf(subtree.bytes)
    return subtree.bytes === fullBytes(this.#shape, subtree.height) && subtree.digest === this.full(subtree.height)
  }

  #hash(bytes: number): Digest {
    assert(bytes <= this.#shape.chunkBytes, 'a leaf is at most a chunk')
    const steps = Math.floor(bytes / this.#step.length)
    let state = this.#states[Math.min(steps, this.#states.length - 1)]
    assert(state !== undefined)
    while (this.#states.length <= steps) this.#states.push((state = state.copy().update(this.#step)))
    return digestOf(
      state
        .copy()
        .update(this.#step.subarray(0, bytes % this.#step.length))
        .digest(),
    )
  }
}
