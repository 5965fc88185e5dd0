import type { Awaitable, Digest } from '#base'
import { assert } from '#base'
import { childAt } from './node.ts'
import { childCount, fullBytes, leafCount, rootOf, type Subtree, type Tree } from './shape.ts'
import { runWalk, type TreeStore, type Walk } from './tree-store.ts'

/** A leaf: the chunk that holds its bytes, or a hole, which reads as zeros and is stored nowhere. */
export type Leaf = Digest | 'hole'

/** Leaves by number, from `first`. */
export interface LeafRange {
  readonly first: number
  readonly count: number
}

/**
 * The leaves of a range, in order, fewer only at the end of the file. Reads only the nodes above them, and answers at
 * once when those are in memory. Faults: NodeDamaged, NodeInvalid, and those of `ChunkSource.read`.
 */
export function readLeaves(store: TreeStore, tree: Tree, range: LeafRange): Awaitable<Leaf[]> {
  assert(range.first >= 0 && range.count >= 0, 'a range of leaves is not negative')
  const end = Math.min(range.first + range.count, leafCount(store.shape, tree.size))
  return runWalk(store, collect(store, tree, { first: range.first, end }))
}

function* collect(store: TreeStore, tree: Tree, range: { first: number; end: number }): Walk<Leaf[]> {
  const leaves: Leaf[] = []
  const { first, end } = range
  function* descend(subtree: Subtree, start: number): Walk<void> {
    if (store.zeros.isHole(subtree)) return addHoles(leaves, start, { subtree, first, end, store })
    if (subtree.height === 0) {
      leaves.push(subtree.digest)
      return
    }
    const node = yield subtree
    const width = store.shape.linksMax ** (subtree.height - 1)
    const to = Math.min(childCount(store.shape, node), Math.ceil((end - start) / width))
    for (let i = Math.max(0, Math.floor((first - start) / width)); i < to; i++) {
      yield* descend(childAt(store.shape, node, i), start + i * width)
    }
  }
  if (first < end) yield* descend(rootOf(store.shape, tree), 0)
  return leaves
}

function addHoles(
  leaves: Leaf[],
  start: number,
  of: { subtree: Subtree; first: number; end: number; store: TreeStore },
): void {
  const width = Math.ceil(fullBytes(of.store.shape, of.subtree.height) / of.store.shape.chunkBytes)
  for (let i = Math.max(start, of.first); i < Math.min(start + width, of.end); i++) leaves.push('hole')
}
