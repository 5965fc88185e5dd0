import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ROOT_INO } from '../inode.ts'
import { makeNode, ok, testFilesystem } from '../testing/memory-filesystem.ts'
import type { Ino } from '../vfs.ts'

const SIGNAL = new AbortController().signal

test('a tree of 1,800 levels is kept, compared, restored and named', async () => {
  await using test = await testFilesystem()
  const { fs } = test
  let parent: Ino = ROOT_INO
  const levels = 1800
  for (let i = 0; i < levels; i++) parent = (await makeNode(fs, 'd', { kind: 'directory', parent })).ino
  await fs.snapshots.create('deep', SIGNAL)
  await makeNode(fs, 'new', { parent })
  const found = await Array.fromAsync(fs.snapshots.diff({ from: 'deep', to: undefined }, SIGNAL))
  assert.deepEqual(
    found.map(({ change }) => change),
    ['metadata', 'added'],
  )
  const to = { parent: ROOT_INO, name: 'back' }
  assert.equal(await fs.snapshots.restore({ snapshot: 'deep', path: '/d', to }, SIGNAL), levels)
  const { cid } = await ok(fs.stat(ROOT_INO, { cid: true }, SIGNAL))
  assert.ok(cid?.ok)
})
