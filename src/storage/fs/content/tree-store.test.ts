import { isFault } from '#base'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore, sealAll } from './memory-chunks.ts'
import { readLeaves } from './read-leaves.ts'
import { EMPTY_TREE, rootOf, treeShape } from './shape.ts'
import { nodeCache, TreeStore } from './tree-store.ts'
import { updateTree } from './update-tree.ts'

const ALL = { first: 0, count: 1000 }

async function sealed() {
  const { store, chunks } = memoryStore(treeShape(4, 4))
  const bytes = Buffer.from(Array.from({ length: 200 }, (_, i) => i + 1))
  const tree = await sealAll(store, bytes, leaf => chunks.add(leaf))
  return { tree, chunks, cold: new TreeStore(store.shape, chunks) }
}

test('a damaged node is detected wherever the damage lies', async () => {
  const { tree, chunks, cold } = await sealed()
  const stored = chunks.chunks.get(tree.digest)!
  for (let i = 0; i < stored.length; i++) {
    stored[i]! ^= 1
    assert.throws(
      () => readLeaves(cold, tree, ALL),
      (error: unknown) => isFault(error, 'NodeDamaged'),
    )
    stored[i]! ^= 1
  }
  assert.equal((await readLeaves(cold, tree, ALL)).length, 50)
})

test('a node in the wrong place is refused', async () => {
  const { tree, chunks, cold } = await sealed()
  const wrong = { digest: tree.digest, size: tree.size - 1 }
  const stored = chunks.chunks.get(tree.digest)!
  assert.throws(
    () => readLeaves(cold, wrong, ALL),
    (error: unknown) => isFault(error, 'NodeInvalid'),
  )
  const forged = Buffer.from(stored)
  forged[2] = 0x12
  const digest = chunks.add(forged)
  assert.throws(
    () => readLeaves(cold, { ...tree, digest }, ALL),
    (error: unknown) => isFault(error, 'NodeInvalid'),
  )
})

test('nodes in memory answer at once and without reading', async () => {
  const { tree, chunks, cold } = await sealed()
  chunks.later = true
  const first = readLeaves(cold, tree, { first: 20, count: 2 })
  assert.ok(first instanceof Promise)
  await first
  assert.equal(chunks.reads, 3)
  assert.ok(Array.isArray(readLeaves(cold, tree, { first: 21, count: 2 })))
  assert.equal(chunks.reads, 3)
})

test('the cache of nodes stays within its limit', async () => {
  const { tree, chunks } = await sealed()
  const cache = nodeCache(1000)
  await readLeaves(new TreeStore(treeShape(4, 4), chunks, cache), tree, ALL)
  assert.ok(cache.calculatedSize <= 1000 && cache.size > 0)
})

test('children leave holes out', async () => {
  const { store, chunks } = memoryStore(treeShape(4, 4))
  const data = chunks.add(Buffer.from([1, 2, 3, 4]))
  const { tree } = await updateTree(store, EMPTY_TREE, { size: 15, leaves: new Map([[1, data]]) })
  assert.deepEqual(await store.children(rootOf(store.shape, tree)), [{ digest: data, height: 0, bytes: 4 }])
})
