import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Digest, isFault } from '#base'
import { contentFault } from '../content/faults.ts'
import type { Filesystem } from '../filesystem.ts'
import { makeNode, ok, type TestFilesystem, testFilesystem, writeAll } from '../testing/memory-filesystem.ts'

const SIGNAL = new AbortController().signal
const CHUNK_BYTES = 4096

/** What `work` stores that was not stored before. */
async function newChunks({ chunks }: TestFilesystem, work: () => Promise<unknown>): Promise<Set<Digest>> {
  const before = new Set(chunks.chunks.keys())
  await work()
  return new Set(chunks.chunks.keys()).difference(before)
}

async function usersOf(fs: Filesystem, chunks: Iterable<Digest>): Promise<string[]> {
  const users = await Array.fromAsync(fs.users(new Set(chunks), SIGNAL))
  return users.map(user => (user.kind === 'removed' ? 'removed' : `${user.kind} ${user.path}`)).sort()
}

test('every file and snapshot that needs a chunk is named, and nothing else', async () => {
  await using test = await testFilesystem(CHUNK_BYTES)
  const { fs } = test
  const folder = await makeNode(fs, 'folder', { kind: 'directory' })
  const one = await makeNode(fs, 'one', { parent: folder.ino })
  const other = await makeNode(fs, 'other')
  await writeAll(fs, other.ino, 0, Buffer.alloc(20 * CHUNK_BYTES, 'other'))
  await fs.seal(other.ino)
  await writeAll(fs, one.ino, 0, Buffer.alloc(20 * CHUNK_BYTES, 'one'))
  const sealed = await newChunks(test, () => fs.seal(one.ino))
  for (const digest of sealed) assert.deepEqual(await usersOf(fs, [digest]), ['file /folder/one'])
  const manifests = await newChunks(test, () => fs.snapshots.create('past', SIGNAL))
  assert.deepEqual(await usersOf(fs, sealed), ['file /folder/one', 'snapshot /.snapshots/past'])
  assert.deepEqual(await usersOf(fs, manifests), ['directory /', 'directory /folder', 'snapshot /.snapshots/past'])
  await ok(fs.vfs.remove(folder.ino, 'one', 'file'))
  assert.deepEqual(await usersOf(fs, sealed), ['removed', 'snapshot /.snapshots/past'])
  fs.vfs.forget(one.ino)
  await fs.sync()
  await fs.snapshots.remove('past', SIGNAL)
  assert.deepEqual(await usersOf(fs, sealed), [])
})

test('a file is named by what was written to it and is not sealed yet', async () => {
  await using test = await testFilesystem(32 * CHUNK_BYTES)
  const { fs } = test
  const { ino } = await makeNode(fs, 'new')
  const written = await newChunks(test, async () => {
    await writeAll(fs, ino, 0, Buffer.alloc(64 * CHUNK_BYTES, 'new'))
    await fs.sync()
  })
  assert.ok(written.size > 0)
  assert.deepEqual(await usersOf(fs, written), ['file /new'])
})

test('a file with a node that cannot be read is named, and so is every other that shares it', async () => {
  await using test = await testFilesystem(CHUNK_BYTES)
  const { fs, chunks } = test
  const content = Buffer.alloc(20 * CHUNK_BYTES)
  for (let i = 0; i < content.length; i += 4) content.writeUInt32LE(i, i)
  const one = await makeNode(fs, 'one')
  await writeAll(fs, one.ino, 0, content)
  await fs.sync()
  const nodes = await newChunks(test, () => fs.seal(one.ino))
  const two = await makeNode(fs, 'two')
  await writeAll(fs, two.ino, 0, content)
  await fs.seal(two.ino)
  await test.killAndReopen() // the nodes are in memory no longer
  const { read } = chunks
  chunks.read = (digest, into, offset) => {
    if (nodes.has(digest)) throw contentFault('NodeDamaged', 'rotten')
    return read.call(chunks, digest, into, offset)
  }
  assert.deepEqual(await usersOf(test.fs, nodes), ['file /one', 'file /two'])
  const stopped = Array.fromAsync(test.fs.references(SIGNAL))
  await assert.rejects(stopped, error => isFault(error, 'NodeDamaged'))
})

test('looking for users ends when it is aborted', async () => {
  await using test = await testFilesystem(CHUNK_BYTES)
  const ending = new AbortController()
  ending.abort()
  await assert.rejects(Array.fromAsync(test.fs.users(new Set(), ending.signal)), { name: 'AbortError' })
})
