import { type Awaitable, type ByteString, isLater } from '#base'
import type { Subtree } from './shape.ts'
import type { TreeStore } from './tree-store.ts'

/**
 * The scheme: every root (an inode's tree, a snapshot's) is one reference to its subtree. An interior node whose count
 * goes from 0 to 1 adds one reference to each of its children, once per link, and takes them back when its count
 * returns to 0. Holes are never counted. A chunk is needed while either of its keys has a count: as a leaf, or as a
 * node (a file may hold the very bytes of a node, so the two are counted apart).
 */
export interface RootSwap {
  /** Subtrees that gain a reference, such as the root of a new tree. */
  readonly add: readonly Subtree[]
  /** Subtrees that lose one, such as the root of the tree it replaces. */
  readonly drop: readonly Subtree[]
}

/** What a swap does to the counts. */
export interface ReferenceChanges {
  /** How much each count changes, by {@link referenceKey}; never 0. To be applied in one transaction. */
  readonly deltas: ReadonlyMap<ByteString, number>
  /** Subtrees that still have to lose one reference, in later swaps, because the limit was reached. */
  readonly later: readonly Subtree[]
}

/** The key of a subtree's count: `l` or `n` for leaf or node, then the digest. */
export function referenceKey(subtree: Subtree): ByteString {
  return (subtree.height === 0 ? 'l' : 'n') + subtree.digest
}

/**
 * Works out the counts after a swap. References a new tree shares with the one it replaces cancel out, so the answer is
 * as small as the change. Additions are always complete; dropping stops when `keysMax` keys have changed, and what is
 * left may wait: counts too high lose nothing. `countOf` reads the count of nodes as it is now. Faults: as `TreeStore.node`.
 */
export async function referenceChanges(
  store: TreeStore,
  swap: RootSwap,
  countOf: (key: ByteString) => Awaitable<number>,
  keysMax = Number.POSITIVE_INFINITY,
): Promise<ReferenceChanges> {
  const deltas = new Map<ByteString, number>()
  const change = (key: ByteString, by: number): void => {
    const delta = (deltas.get(key) ?? 0) + by
    if (delta === 0) deltas.delete(key)
    else deltas.set(key, delta)
  }
  const added = swap.add.filter(subtree => !store.zeros.isHole(subtree))
  for (let next = added.pop(); next !== undefined; next = added.pop()) {
    const key = referenceKey(next)
    const isNew = next.height > 0 && (await settled(countOf(key))) + (deltas.get(key) ?? 0) === 0
    change(key, 1)
    if (isNew) added.push(...(await store.children(next)))
  }
  const dropped = swap.drop.filter(subtree => !store.zeros.isHole(subtree))
  while (deltas.size < keysMax) {
    const next = dropped.pop()
    if (next === undefined) break
    const key = referenceKey(next)
    change(key, -1)
    const isGone = next.height > 0 && (await settled(countOf(key))) + (deltas.get(key) ?? 0) === 0
    if (isGone) dropped.push(...(await store.children(next)))
  }
  return { deltas, later: dropped }
}

function settled(count: Awaitable<number>): number | Promise<number> {
  return isLater(count) ? Promise.resolve(count) : count
}
