import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Digest, isFault } from '#base'
import type { Filesystem } from '../filesystem.ts'
import { ROOT_INO } from '../inode.ts'
import type { Ino } from '../vfs.ts'
import { makeNode, ok, testFilesystem, writeAll } from '../testing/memory-filesystem.ts'

const SIGNAL = new AbortController().signal
const CHUNK_BYTES = 4096

async function references(fs: Filesystem, between?: () => Promise<void>, unread?: 'skip'): Promise<Set<Digest>> {
  const found = new Set<Digest>()
  for await (const batch of fs.references(SIGNAL, unread)) {
    for (const digest of batch) found.add(digest)
    await between?.()
  }
  return found
}

async function makeContent(fs: Filesystem, name: string, bytes: number): Promise<Ino> {
  const { ino } = await makeNode(fs, name)
  await writeAll(fs, ino, 0, Buffer.alloc(bytes, name))
  return ino
}

test('references name exactly the chunks that extents, trees, manifests and snapshots need', async () => {
  await using test = await testFilesystem(CHUNK_BYTES)
  const { fs, chunks } = test
  await makeContent(fs, 'sealed', 20 * CHUNK_BYTES)
  await fs.sync()
  const before = new Set(chunks.chunks.keys())
  const removed = await makeContent(fs, 'gone', 20 * CHUNK_BYTES)
  await fs.seal(removed)
  const gone = new Set(chunks.chunks.keys()).difference(before)
  const { ino } = await makeNode(fs, 'large-attribute')
  await ok(fs.vfs.setXattr(ino, 'user.large', Buffer.alloc(5000, 'v'), 'set'))
  const large = await makeNode(fs, 'large', { kind: 'directory' })
  for (let i = 0; i < 700; i++) await makeNode(fs, `f${i}`, { parent: large.ino })
  await fs.snapshots.create('one', SIGNAL)
  await ok(fs.vfs.remove(ROOT_INO, 'gone', 'file'))
  fs.vfs.forget(removed)
  await makeContent(fs, 'overlay', 3 * CHUNK_BYTES)
  await fs.sync()
  const all = new Set(chunks.chunks.keys())
  assert.deepEqual((await references(fs)).symmetricDifference(all), new Set())
  await fs.snapshots.remove('one', SIGNAL)
  assert.ok(!gone.isSubsetOf(await references(fs)), 'what only a snapshot held goes with it')
  await fs.snapshots.create('two', SIGNAL)
  const kept = await references(fs)
  assert.ok(kept.isSubsetOf(new Set(chunks.chunks.keys())))
  for (const digest of chunks.chunks.keys()) if (!kept.has(digest)) chunks.chunks.delete(digest)
  assert.ok(!all.isSubsetOf(kept), 'what only the removed snapshot held is gone')
  await Array.fromAsync(fs.snapshots.diff({ from: 'two', to: undefined }, SIGNAL))
})

test('content that moves from file to file during the walk is told', async () => {
  await using test = await testFilesystem(CHUNK_BYTES)
  const { fs } = test
  const target = await makeNode(fs, 'target')
  for (let i = 0; i < 600; i++) await makeNode(fs, `filler-${i}`)
  const source = await makeNode(fs, 'source')
  await writeAll(fs, source.ino, 0, Buffer.alloc(20 * CHUNK_BYTES, 'content'))
  await fs.seal(source.ino)
  const before = await references(fs)
  const { promise, resolve } = Promise.withResolvers<void>()
  const walk = references(fs).finally(resolve)
  await Promise.resolve()
  const whole = { bytes: 20 * CHUNK_BYTES }
  await ok(fs.vfs.copyRange({ ino: source.ino, offset: 0 }, { ino: target.ino, offset: 0 }, whole.bytes))
  await ok(fs.vfs.remove(ROOT_INO, 'source', 'file'))
  fs.vfs.forget(source.ino)
  await promise
  assert.ok(before.isSubsetOf(await walk))
})

test('a lost node ends the walk with a fault, or is told and all else is too', async () => {
  await using test = await testFilesystem(CHUNK_BYTES)
  const { fs, chunks } = test
  await makeContent(fs, 'a', 20 * CHUNK_BYTES)
  const snapshot = await fs.snapshots.create('one', SIGNAL)
  await test.killAndReopen()
  const all = await references(test.fs)
  await test.killAndReopen()
  chunks.chunks.delete(snapshot.root.digest)
  await assert.rejects(references(test.fs), error => !isFault(error, 'SnapshotNotFound'))
  const rest = await references(test.fs, undefined, 'skip')
  assert.ok(rest.has(snapshot.root.digest), 'who looks for what is lost is told of it')
  assert.deepEqual(rest, all, 'the files themselves are told')
})
