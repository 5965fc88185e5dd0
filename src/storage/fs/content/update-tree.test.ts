import { BlackHoleBlockstore } from 'blockstore-core/black-hole'
import fc from 'fast-check'
import { importBytes } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cidOfTree, fileDag } from './cid.ts'
import { type MemoryChunks, memoryStore, sealAll } from './memory-chunks.ts'
import { type Leaf, readLeaves } from './read-leaves.ts'
import { dataBytes } from './seek.ts'
import { EMPTY_TREE, leafBytes, leafCount, type Tree, type TreeShape, treeShape } from './shape.ts'
import type { TreeStore } from './tree-store.ts'
import { updateBytesMax, updateTree } from './update-tree.ts'

const MIB = 2 ** 20

async function judge(bytes: Uint8Array, shape?: TreeShape): Promise<{ cid: string; size: number }> {
  const layout = shape && {
    chunker: fixedSize({ chunkSize: shape.chunkBytes }),
    layout: balanced({ maxChildrenPerNode: shape.linksMax }),
  }
  const result = await importBytes(bytes, new BlackHoleBlockstore(), { profile: 'unixfs-v1-2025', ...layout })
  return { cid: result.cid.toString(), size: Number(result.size) }
}

function pattern(bytes: number): Buffer {
  return Buffer.alloc(bytes, Buffer.from(Array.from({ length: 251 }, (_, i) => i ^ 0x5a)))
}

async function same(store: TreeStore, chunks: MemoryChunks, bytes: Buffer, expected: { cid: string; size: number }) {
  const tree = await sealAll(store, bytes, leaf => chunks.add(leaf))
  assert.equal(cidOfTree(store.shape, tree), expected.cid, `${bytes.length} bytes`)
  assert.equal(fileDag(store.shape, tree).dagBytes, expected.size)
}

test('a file has the CID that the importer gives it with profile unixfs-v1-2025', async () => {
  const { store, chunks } = memoryStore(treeShape())
  for (const size of [0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB, 5 * MIB + 77]) {
    await same(store, chunks, pattern(size), await judge(pattern(size)))
  }
})

test('a file of zeros has the CID that the importer gives it', async () => {
  const { store, chunks } = memoryStore(treeShape())
  for (const size of [1, 4096, MIB - 1, MIB, 3 * MIB + 5]) {
    const { tree } = await updateTree(store, EMPTY_TREE, { size, leaves: new Map() })
    const expected = await judge(Buffer.alloc(size))
    assert.equal(cidOfTree(store.shape, tree), expected.cid)
    await same(store, chunks, Buffer.alloc(size), expected)
  }
})

test('full and overfull nodes of 1024 links equal those of the importer', async () => {
  const shape = treeShape(8)
  const { store, chunks } = memoryStore(shape)
  for (const leaves of [1023, 1024, 1025, 2048, 2049]) {
    for (const size of [leaves * 8, leaves * 8 - 3]) {
      await same(store, chunks, pattern(size), await judge(pattern(size), shape))
    }
  }
})

test('trees of any height equal those of the importer', async () => {
  const shape = treeShape(3, 2)
  const { store, chunks } = memoryStore(shape)
  for (let size = 0; size < 120; size++) await same(store, chunks, pattern(size), await judge(pattern(size), shape))
})

/** One step of a file's life: a new size and writes, given as offset, length and byte (0 makes a hole). */
const step = fc.record({
  size: fc.integer({ min: 0, max: 400 }),
  writes: fc.array(fc.record({ at: fc.nat(399), bytes: fc.integer({ min: 1, max: 60 }), fill: fc.nat(2) }), {
    maxLength: 4,
  }),
})

function applyStep(
  before: Buffer,
  { size, writes }: { size: number; writes: { at: number; bytes: number; fill: number }[] },
) {
  const after = Buffer.alloc(size)
  before.copy(after)
  for (const write of writes) after.fill(write.fill, Math.min(size, write.at), Math.min(size, write.at + write.bytes))
  return after
}

function changedLeaves(shape: TreeShape, before: Buffer, after: Buffer, chunks: MemoryChunks): Map<number, Leaf> {
  const leaves = new Map<number, Leaf>()
  const leafOf = (bytes: Buffer, i: number) =>
    i < leafCount(shape, bytes.length) ? bytes.subarray(i * shape.chunkBytes, (i + 1) * shape.chunkBytes) : undefined
  for (let i = 0; i < leafCount(shape, after.length); i++) {
    const now = leafOf(after, i) ?? Buffer.alloc(0)
    const was = leafOf(before, i)
    if (was?.equals(now) === true || (was === undefined && now.every(byte => byte === 0))) continue
    leaves.set(i, now.every(byte => byte === 0) ? 'hole' : chunks.add(now))
  }
  return leaves
}

function leavesOf(shape: TreeShape, bytes: Buffer, chunks: MemoryChunks): Leaf[] {
  return Array.from({ length: leafCount(shape, bytes.length) }, (_, i) => {
    const leaf = bytes.subarray(i * shape.chunkBytes, i * shape.chunkBytes + leafBytes(shape, bytes.length, i))
    return leaf.every(byte => byte === 0) ? 'hole' : chunks.add(leaf)
  })
}

test('any edits give the tree that building from nothing gives, and read back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 6 }),
      fc.constantFrom(2, 3, 5),
      fc.boolean(),
      async (steps, linksMax, later) => {
        const { store, chunks } = memoryStore(treeShape(4, linksMax))
        chunks.later = later
        let tree: Tree = EMPTY_TREE
        let bytes: Buffer = Buffer.alloc(0)
        let used = 0
        for (const one of steps) {
          const after = applyStep(bytes, one)
          const leaves = changedLeaves(store.shape, bytes, after, chunks)
          const update = await updateTree(store, tree, { size: after.length, leaves })
          const cost = update.added.reduce((sum, node) => sum + chunks.chunks.get(node.digest)!.length, 0)
          assert.ok(cost <= updateBytesMax(store.shape, after.length, leaves.size), 'no more than was reserved')
          ;[tree, bytes] = [update.tree, after]
          used += update.dataBytesDelta
          const fresh = memoryStore(store.shape)
          assert.equal(tree.digest, (await sealAll(fresh.store, bytes, leaf => fresh.chunks.add(leaf))).digest)
          const expected = leavesOf(store.shape, bytes, chunks)
          assert.deepEqual(await readLeaves(store, tree, { first: 0, count: Infinity }), expected)
          const middle = { first: Math.floor(expected.length / 3), count: 5 }
          assert.deepEqual(await readLeaves(store, tree, middle), expected.slice(middle.first, middle.first + 5))
          assert.equal(used, await dataBytes(store, tree))
        }
        assert.equal(cidOfTree(store.shape, tree), (await judge(bytes, store.shape)).cid)
      },
    ),
    { numRuns: 150 },
  )
})

test('a leaf that changes its length must be given', async () => {
  const { store, chunks } = memoryStore(treeShape(8))
  const tree = await sealAll(store, pattern(13), leaf => chunks.add(leaf))
  await assert.rejects(updateTree(store, tree, { size: 20, leaves: new Map() }), /leaf 1 changes its length/)
  await assert.rejects(updateTree(store, tree, { size: 5, leaves: new Map() }), /leaf 0 changes its length/)
  assert.equal((await updateTree(store, tree, { size: 8, leaves: new Map() })).tree.size, 8)
})

test('an update that changes nothing stores nothing', async () => {
  const { store, chunks } = memoryStore(treeShape(8, 4))
  const bytes = pattern(300)
  const tree = await sealAll(store, bytes, leaf => chunks.add(leaf))
  const leaves = new Map<number, Leaf>([[7, chunks.add(bytes.subarray(56, 64))]])
  const update = await updateTree(store, tree, { size: 300, leaves })
  assert.deepEqual(update, { tree, added: [], dataBytesDelta: 0 })
})

test('a sparse file of 16 TiB costs what its data costs', async () => {
  const { store, chunks } = memoryStore(treeShape())
  const size = 2 ** 44
  const empty = await updateTree(store, EMPTY_TREE, { size, leaves: new Map() })
  assert.equal(empty.added.length, 1)
  const data = chunks.add(pattern(MIB))
  const middle = 2 ** 23 + 5
  const update = await updateTree(store, empty.tree, { size, leaves: new Map([[middle, data]]) })
  assert.equal(update.added.length, 3)
  assert.equal(update.dataBytesDelta, MIB)
  assert.deepEqual(await readLeaves(store, update.tree, { first: middle - 1, count: 3 }), ['hole', data, 'hole'])
  const odd = await updateTree(store, update.tree, { size: size - 5, leaves: new Map() })
  assert.equal(odd.added.length, 3)
  const back = await updateTree(store, odd.tree, { size, leaves: new Map([[middle, 'hole']]) })
  assert.equal(back.tree.digest, empty.tree.digest)
})
