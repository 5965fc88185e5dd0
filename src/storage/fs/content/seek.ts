import type { Awaitable } from '#base'
import { childAt } from './node.ts'
import { childCount, fullBytes, rootOf, type Subtree, type Tree } from './shape.ts'
import { runWalk, type TreeStore, type Walk } from './tree-store.ts'

/**
 * Where the first leaf with data at or behind `offset` begins (`offset` itself inside one); undefined when only zeros
 * follow. Skips subtrees of zeros without reading them. Faults: NodeDamaged, NodeInvalid, those of `ChunkSource.read`.
 */
export function nextData(store: TreeStore, tree: Tree, offset: number): Awaitable<number | undefined> {
  if (offset >= tree.size) return undefined
  return runWalk(store, seek(store, rootOf(store.shape, tree), { start: 0, offset, want: 'data' }))
}

/**
 * Where the first hole at or behind `offset` begins; the end of the file counts as one. Undefined when `offset` is not
 * inside the file. Faults: as {@link nextData}.
 */
export function nextHole(store: TreeStore, tree: Tree, offset: number): Awaitable<number | undefined> {
  if (offset >= tree.size) return undefined
  return runWalk(store, holeOrEnd(store, tree, offset))
}

/**
 * Bytes of the leaves that hold data: what the file occupies, from leaf `first` on. Reads every node of that part but
 * those of zeros. Faults: as {@link nextData}.
 */
export function dataBytes(store: TreeStore, tree: Tree, first = 0): Awaitable<number> {
  return runWalk(store, sumData(store, rootOf(store.shape, tree), first))
}

interface Search {
  /** Offset in the file of the subtree's first byte. */
  readonly start: number
  readonly offset: number
  readonly want: 'data' | 'hole'
}

function* seek(store: TreeStore, subtree: Subtree, search: Search): Walk<number | undefined> {
  const { start, offset, want } = search
  if (store.zeros.isHole(subtree)) return want === 'hole' ? Math.max(start, offset) : undefined
  if (subtree.height === 0) return want === 'data' ? Math.max(start, offset) : undefined
  const node = yield subtree
  const width = fullBytes(store.shape, subtree.height - 1)
  const count = childCount(store.shape, node)
  for (let i = Math.max(0, Math.floor((offset - start) / width)); i < count; i++) {
    const found = yield* seek(store, childAt(store.shape, node, i), { start: start + i * width, offset, want })
    if (found !== undefined) return found
  }
  return undefined
}

function* holeOrEnd(store: TreeStore, tree: Tree, offset: number): Walk<number> {
  const found = yield* seek(store, rootOf(store.shape, tree), { start: 0, offset, want: 'hole' })
  return found ?? tree.size
}

function* sumData(store: TreeStore, subtree: Subtree, first: number): Walk<number> {
  if (store.zeros.isHole(subtree)) return 0
  if (subtree.height === 0) return first > 0 ? 0 : subtree.bytes
  const node = yield subtree
  const width = store.shape.linksMax ** (subtree.height - 1)
  let bytes = 0
  for (let i = Math.floor(first / width); i < childCount(store.shape, node); i++) {
    bytes += yield* sumData(store, childAt(store.shape, node, i), Math.max(0, first - i * width))
  }
  return bytes
}
