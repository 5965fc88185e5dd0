import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteString } from '#base'
import { memoryStore } from './memory-chunks.ts'
import type { Leaf } from './read-leaves.ts'
import { type RootSwap, referenceChanges, referenceKey } from './references.ts'
import { EMPTY_TREE, rootOf, type Subtree, type Tree, treeShape } from './shape.ts'
import type { TreeStore } from './tree-store.ts'
import { updateTree } from './update-tree.ts'

type Counts = Map<ByteString, number>

async function apply(store: TreeStore, counts: Counts, swap: RootSwap, keysMax?: number): Promise<readonly Subtree[]> {
  const { deltas, later } = await referenceChanges(store, swap, key => counts.get(key) ?? 0, keysMax)
  for (const [key, delta] of deltas) {
    const count = (counts.get(key) ?? 0) + delta
    assert.ok(count >= 0, 'no count falls below zero')
    if (count === 0) counts.delete(key)
    else counts.set(key, count)
  }
  return later
}

async function reachable(store: TreeStore, roots: readonly Subtree[]): Promise<Set<ByteString>> {
  const seen = new Set<ByteString>()
  const visit = async (subtree: Subtree): Promise<void> => {
    if (store.zeros.isHole(subtree) || seen.has(referenceKey(subtree))) return
    seen.add(referenceKey(subtree))
    for (const child of await store.children(subtree)) await visit(child)
  }
  for (const root of roots) await visit(root)
  return seen
}

test('counts name exactly what the roots reach, through edits, snapshots and removal', async () => {
  const edit = fc.record({
    leaf: fc.nat(30),
    fill: fc.nat(3),
    size: fc.integer({ min: 1, max: 31 }),
    keep: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async edits => {
      const { store, chunks } = memoryStore(treeShape(4, 3))
      const counts: Counts = new Map()
      const roots: Subtree[] = []
      let tree: Tree = EMPTY_TREE
      for (const { leaf, fill, size, keep } of edits) {
        const leaves = new Map<number, Leaf>([[leaf, fill === 0 ? 'hole' : chunks.add(Buffer.alloc(4, fill))]])
        const next = (await updateTree(store, tree, { size: size * 4, leaves })).tree
        const old = rootOf(store.shape, tree)
        if (keep) roots.push(old)
        await apply(store, counts, { add: [rootOf(store.shape, next)], drop: keep ? [] : [old] })
        tree = next
        const expected = await reachable(store, [...roots, rootOf(store.shape, tree)])
        assert.deepEqual(new Set(counts.keys()), expected)
      }
      let drop: readonly Subtree[] = [...roots, rootOf(store.shape, tree)]
      while (drop.length > 0) drop = await apply(store, counts, { add: [], drop }, 3)
      assert.equal(counts.size, 0)
    }),
    { numRuns: 100 },
  )
})

test('one changed leaf changes the counts of its path only', async () => {
  const { store, chunks } = memoryStore(treeShape(4, 64))
  const leaves = new Map<number, Leaf>()
  for (let i = 0; i < 1000; i++) leaves.set(i, chunks.add(Buffer.from([i >> 8, i & 255, 1, 1])))
  const old = (await updateTree(store, EMPTY_TREE, { size: 4000, leaves })).tree
  const counts: Counts = new Map()
  await apply(store, counts, { add: [rootOf(store.shape, old)], drop: [] })
  const change = new Map<number, Leaf>([[500, chunks.add(Buffer.from([9, 9, 9, 9]))]])
  const { tree } = await updateTree(store, old, { size: 4000, leaves: change })
  const swap = { add: [rootOf(store.shape, tree)], drop: [rootOf(store.shape, old)] }
  const { deltas } = await referenceChanges(store, swap, key => counts.get(key) ?? 0)
  assert.deepEqual(
    [...deltas.values()].sort((a, b) => a - b),
    [-1, -1, -1, 1, 1, 1],
  )
})
