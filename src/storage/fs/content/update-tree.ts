import { assert, DIGEST_BYTES, type Digest, digestBytes } from '#base'
import { childAt, nodeBytes, type TreeNode } from './node.ts'
import type { Leaf } from './read-leaves.ts'
import { dataBytes } from './seek.ts'
import {
  bytesAt,
  childCount,
  fullBytes,
  heightOf,
  leafCount,
  type Place,
  rootOf,
  type Subtree,
  type Tree,
  type TreeShape,
} from './shape.ts'
import type { TreeStore } from './tree-store.ts'

/** What becomes of a file: its new size and every leaf that differs. */
export interface TreeChange {
  readonly size: number
  /**
   * New leaves by number; each chunk is already stored and as long as its leaf will be. A leaf whose length changes
   * (the last one before or after) must be here unless it is a hole. Leaves beyond the old end are holes when absent.
   */
  readonly leaves: ReadonlyMap<number, Leaf>
}

/** What {@link updateTree} made. */
export interface TreeUpdate {
  readonly tree: Tree
  /** The interior nodes stored for it, children before parents. */
  readonly added: readonly Subtree[]
  /** How many more bytes lie in leaves that are not holes than in the old tree; negative for fewer. */
  readonly dataBytesDelta: number
}

/**
 * Makes the tree of a changed file and stores its new interior nodes: the same root as built from nothing. Reads and
 * writes only the paths above what changed, so cost follows changes times height, also over 16 TiB of hole. The old
 * tree stays whole. Faults: NodeDamaged, NodeInvalid, and those of `ChunkSource`.
 */
export async function updateTree(store: TreeStore, old: Tree, change: TreeChange): Promise<TreeUpdate> {
  assert(Number.isSafeInteger(change.size) && change.size >= 0, 'a file has a size')
  const update = new Update(store, change)
  const height = heightOf(store.shape, change.size)
  const digest = await update.build({ height, index: 0 }, await oldRootAt(store, old, height))
  const cut = leafCount(store.shape, change.size)
  const lost = cut < leafCount(store.shape, old.size) ? await dataBytes(store, old, cut) : 0
  const dataBytesDelta = update.dataBytesDelta - lost
  return { tree: { digest, size: change.size }, added: update.added, dataBytesDelta }
}

/** The most bytes of interior nodes that {@link updateTree} stores for so many changed leaves; to reserve space. */
export function updateBytesMax(shape: TreeShape, size: number, leavesChanged: number): number {
  let bytes = 0
  const top = heightOf(shape, size)
  for (let height = 1; height <= top; height++) {
    const nodes = Math.ceil(size / fullBytes(shape, height))
    const place = { height, bytes: Math.min(size, fullBytes(shape, height)) }
    bytes += Math.min(nodes, leavesChanged + EDGE_PATHS) * nodeBytes(shape, place)
  }
  return bytes
}

/** The old and the new right edge are rebuilt beside the changed leaves when the size changes. */
const EDGE_PATHS = 2

/** A position in the new tree: the subtree that is number `index` of its height. */
interface At {
  readonly height: number
  readonly index: number
}

/** What stood at a position: a subtree, the old file seen from above its root, or nothing but zeros. */
type Old = Subtree | { readonly above: Subtree } | undefined

/** What stood where the new root stands: of a higher old tree its leftmost part, of a lower one all of it. */
async function oldRootAt(store: TreeStore, old: Tree, height: number): Promise<Old> {
  let subtree = rootOf(store.shape, old)
  if (subtree.height < height) return { above: subtree }
  while (subtree.height > height) subtree = childAt(store.shape, await store.node(subtree), 0)
  return subtree
}

class Update {
  readonly added: Subtree[] = []
  dataBytesDelta = 0
  readonly #store: TreeStore
  readonly #change: TreeChange
  /** Numbers of the changed leaves inside the file, ascending. */
  readonly #changed: readonly number[]

  constructor(store: TreeStore, change: TreeChange) {
    this.#store = store
    this.#change = change
    const end = leafCount(store.shape, change.size)
    this.#changed = [...change.leaves.keys()].filter(index => index < end).sort((a, b) => a - b)
  }

  async build(at: At, was: Old): Promise<Digest> {
    const place = { height: at.height, bytes: bytesAt(this.#store.shape, this.#change.size, at) }
    const old = this.#isZeros(was) ? undefined : was
    const kept = this.#unchanged(at, place, old)
    if (kept !== undefined) return kept
    if (at.height === 0) return this.#leaf(at.index, place, old)
    return this.#rebuild(at, place, old)
  }

  /** The digest at a position when nothing below it changed, or undefined. */
  #unchanged(at: At, place: Place, old: Old): Digest | undefined {
    const width = this.#store.shape.linksMax ** at.height
    if (this.#firstChanged(at.index * width) < this.#firstChanged((at.index + 1) * width)) return undefined
    if (old === undefined) return this.#zeros(place)
    return !('above' in old) && old.bytes === place.bytes ? old.digest : undefined
  }

  /** The digest of zeros at a place, when that is a constant. */
  #zeros(place: Place): Digest | undefined {
    if (place.height === 0) return this.#store.zeros.leaf(place.bytes)
    return place.bytes === fullBytes(this.#store.shape, place.height) ? this.#store.zeros.full(place.height) : undefined
  }

  #leaf(index: number, place: Place, old: Old): Digest {
    const leaf = this.#change.leaves.get(index)
    assert(leaf !== undefined || old === undefined, `leaf ${index} changes its length and is not given`)
    const zeros = this.#store.zeros.leaf(place.bytes)
    const digest = leaf === undefined || leaf === 'hole' ? zeros : leaf
    const bytesBefore = old !== undefined && 'bytes' in old ? old.bytes : 0
    this.dataBytesDelta += (digest === zeros ? 0 : place.bytes) - bytesBefore
    return digest
  }

  async #rebuild(at: At, place: Place, old: Old): Promise<Digest> {
    const { shape } = this.#store
    const before = await this.#nodeBefore(old)
    const count = childCount(shape, place)
    const digests = Buffer.alloc(count * DIGEST_BYTES, digestBytes(this.#store.zeros.full(at.height - 1)))
    before?.digests.copy(digests)
    for (const i of this.#childrenToVisit(at, count, old)) {
      const child = { height: at.height - 1, index: at.index * shape.linksMax + i }
      const digest = await this.build(child, this.#oldChild(before, old, { height: at.height, index: i }))
      digests.write(digest, i * DIGEST_BYTES, 'latin1')
    }
    const same = before?.bytes === place.bytes && before.digests.equals(digests)
    if (same && old !== undefined && 'digest' in old) return old.digest
    return this.#put({ ...place, digests })
  }

  #isZeros(old: Old): boolean {
    return old !== undefined && this.#store.zeros.isHole('above' in old ? old.above : old)
  }

  async #put(node: TreeNode): Promise<Digest> {
    const { digest, stored } = await this.#store.put(node)
    if (stored) this.added.push({ digest, height: node.height, bytes: node.bytes })
    return digest
  }

  async #nodeBefore(old: Old): Promise<TreeNode | undefined> {
    return old === undefined || 'above' in old ? undefined : this.#store.node(old)
  }

  #oldChild(before: TreeNode | undefined, old: Old, { height, index }: At): Old {
    const { shape } = this.#store
    if (old !== undefined && 'above' in old) {
      if (index > 0) return undefined
      return old.above.height === height - 1 ? old.above : old
    }
    return before !== undefined && index < childCount(shape, before) ? childAt(shape, before, index) : undefined
  }

  /** Children that may differ: those with changed leaves, the first of a raised tree, the old last and the new last. */
  #childrenToVisit(at: At, count: number, old: Old): number[] {
    const { shape } = this.#store
    const visit = new Set<number>([count - 1])
    if (old !== undefined) visit.add('above' in old ? 0 : Math.min(count, childCount(shape, old)) - 1)
    const width = shape.linksMax ** (at.height - 1)
    const start = at.index * shape.linksMax * width
    const end = this.#firstChanged(start + count * width)
    let next = this.#firstChanged(start)
    while (next < end) {
      const child = Math.floor(((this.#changed[next] ?? 0) - start) / width)
      visit.add(child)
      next = this.#firstChanged(start + (child + 1) * width)
    }
    return [...visit].sort((a, b) => a - b)
  }

  /** Where in the list of changed leaves the first with a number of at least `leaf` stands. */
  #firstChanged(leaf: number): number {
    let low = 0
    let high = this.#changed.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#changed[middle] ?? 0) < leaf) low = middle + 1
      else high = middle
    }
    return low
  }
}
