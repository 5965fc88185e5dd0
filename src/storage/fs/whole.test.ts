import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO } from './errno.ts'
import { ROOT_INO } from './inode.ts'
import { quotaKey } from './keys.ts'
import { WHOLE_ID } from './quota.ts'
import { CALLER, makeNode, ok, testFilesystem, type TestFilesystem, writeAll } from './testing/memory-filesystem.ts'

const CHUNK = 8192
const options = { append: false, killPrivileges: false }

async function used(t: TestFilesystem): Promise<readonly [number, number]> {
  const { bytesUsed, inodesUsed } = await ok(t.fs.quotas.whole())
  return [bytesUsed, inodesUsed]
}

test('a filesystem counts all that it holds, also below a quota, and a kill or a removal leaves the count right', async () => {
  await using t = await testFilesystem(CHUNK)
  assert.deepEqual(await used(t), [0, 0])
  const { ino: parent } = await makeNode(t.fs, 'limited', { kind: 'directory' })
  await ok(t.fs.quotas.set(parent, { bytesMax: 9 * CHUNK, inodesMax: undefined }))
  const a = await makeNode(t.fs, 'a', { parent })
  await writeAll(t.fs, a.ino, 0, Buffer.alloc(3 * CHUNK, 'a'))
  const b = await makeNode(t.fs, 'b')
  await writeAll(t.fs, b.ino, 0, Buffer.alloc(CHUNK, 'b'))
  await t.fs.sync()
  await t.fs.seal(b.ino)
  assert.deepEqual(await used(t), [4 * CHUNK, 3])
  await t.killAndReopen()
  assert.deepEqual(await used(t), [4 * CHUNK, 3])
  await ok(t.fs.vfs.remove(parent, 'a', 'file'))
  t.fs.vfs.forget(a.ino)
  await t.fs.sync()
  assert.deepEqual(await used(t), [CHUNK, 2])
})

test('a filesystem of before is counted once when it is opened', async () => {
  await using t = await testFilesystem(CHUNK)
  const parents = await Promise.all(['x', 'y'].map(name => makeNode(t.fs, name, { kind: 'directory' })))
  for (let index = 0; index < 1200; index += 1) {
    await makeNode(t.fs, `${index}`, { parent: parents[index % 2]!.ino, kind: 'fifo' })
  }
  const { ino } = await makeNode(t.fs, 'file')
  await writeAll(t.fs, ino, 0, Buffer.alloc(2 * CHUNK, 'a'))
  await t.fs.sync()
  t.keyspace.commit({ then: [{ kind: 'delete', keys: { kind: 'key', key: quotaKey(WHOLE_ID) } }] })
  await t.killAndReopen()
  assert.deepEqual(await used(t), [2 * CHUNK, 1203])
})

test('the limits of the root directory are of the whole filesystem: set while it has files, raised, lowered and lifted', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino } = await makeNode(t.fs, 'a')
  await writeAll(t.fs, ino, 0, Buffer.alloc(2 * CHUNK, 'a'))
  await t.fs.sync()
  const limit = (bytesMax?: number, inodesMax?: number) => t.fs.quotas.set(ROOT_INO, { bytesMax, inodesMax })
  assert.equal(await limit(CHUNK), ERRNO.EDQUOT, 'below what it holds')
  assert.equal(await limit(undefined, 0), ERRNO.EDQUOT)
  assert.deepEqual(await ok(t.fs.quotas.list()), [])
  await ok(limit(3 * CHUNK, 2))
  const { blocks, blocksFree, blockBytes, files, filesFree } = await ok(t.fs.vfs.statFs())
  assert.deepEqual([blocks * blockBytes, blocksFree * blockBytes, files, filesFree], [3 * CHUNK, CHUNK, 2, 1])
  assert.equal(await t.fs.vfs.write(ino, 2 * CHUNK, Buffer.alloc(2 * CHUNK, 'a'), options), ERRNO.EDQUOT)
  await makeNode(t.fs, 'b', { kind: 'fifo' })
  const node = { kind: 'fifo', mode: 0o644 } as const
  assert.equal(await t.fs.vfs.make(ROOT_INO, 'c', node, CALLER), ERRNO.EDQUOT)
  await ok(limit(4 * CHUNK, 3))
  await writeAll(t.fs, ino, 2 * CHUNK, Buffer.alloc(2 * CHUNK, 'a'))
  await makeNode(t.fs, 'c', { kind: 'fifo' })
  await t.fs.sync()
  await t.killAndReopen()
  const [row] = await ok(t.fs.quotas.list())
  assert.deepEqual([row?.path, row?.bytesUsed, row?.bytesMax, row?.inodesMax], ['/', 4 * CHUNK, 4 * CHUNK, 3])
  await ok(t.fs.quotas.remove(ROOT_INO))
  assert.equal(await t.fs.quotas.remove(ROOT_INO), ERRNO.ENODATA)
  await writeAll(t.fs, ino, 4 * CHUNK, Buffer.alloc(CHUNK, 'a'))
})

test('a directory below the limit of its own still fills the whole filesystem', async () => {
  await using t = await testFilesystem(CHUNK)
  await ok(t.fs.quotas.set(ROOT_INO, { bytesMax: 2 * CHUNK, inodesMax: undefined }))
  const { ino: parent } = await makeNode(t.fs, 'd', { kind: 'directory' })
  await ok(t.fs.quotas.set(parent, { bytesMax: 9 * CHUNK, inodesMax: undefined }))
  const { ino } = await makeNode(t.fs, 'a', { parent })
  await writeAll(t.fs, ino, 0, Buffer.alloc(2 * CHUNK, 'a'))
  assert.equal(await t.fs.vfs.write(ino, 2 * CHUNK, Buffer.alloc(1, 'a'), options), ERRNO.EDQUOT)
})
