import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from './memory-chunks.ts'
import type { Leaf } from './read-leaves.ts'
import { nextData, nextHole } from './seek.ts'
import { EMPTY_TREE, leafBytes, treeShape } from './shape.ts'
import { updateTree } from './update-tree.ts'

test('data and holes are found as a scan of all leaves finds them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (data, tail) => {
        const { store, chunks } = memoryStore(treeShape(4, 3))
        const size = (data.length - 1) * 4 + tail
        const leaves = new Map<number, Leaf>()
        data.forEach((is, i) => is && leaves.set(i, chunks.add(Buffer.alloc(leafBytes(store.shape, size, i), 7))))
        const { tree } = await updateTree(store, EMPTY_TREE, { size, leaves })
        for (let offset = 0; offset <= size; offset++) {
          const find = (is: boolean) => {
            for (let at = offset; at < size; at++) if (data[Math.floor(at / 4)] === is) return at
            return undefined
          }
          assert.equal(await nextData(store, tree, offset), find(true))
          assert.equal(await nextHole(store, tree, offset), offset >= size ? undefined : (find(false) ?? size))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('a hole of terabytes is skipped without reading', async () => {
  const { store, chunks } = memoryStore(treeShape())
  const size = 2 ** 44
  const last = chunks.add(Buffer.alloc(2 ** 20, 1))
  const { tree } = await updateTree(store, EMPTY_TREE, { size, leaves: new Map([[2 ** 24 - 1, last]]) })
  assert.equal(nextData(store, tree, 1), size - 2 ** 20)
  assert.equal(nextHole(store, tree, size - 1), size)
  assert.equal(nextHole(store, tree, size), undefined)
  assert.equal(chunks.reads, 0)
})
