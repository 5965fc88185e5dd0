import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, isErrno } from './errno.ts'
import { ROOT_INO } from './inode.ts'
import { CALLER, makeNode, ok, testFilesystem, type TestFilesystem, writeAll } from './testing/memory-filesystem.ts'
import type { Ino } from './vfs.ts'

const CHUNK = 8192

async function rootWithQuota(t: TestFilesystem, limits: { bytesMax?: number; inodesMax?: number }): Promise<Ino> {
  const { ino } = await makeNode(t.fs, 'limited', { kind: 'directory' })
  await ok(t.fs.quotas.set(ino, { bytesMax: limits.bytesMax, inodesMax: limits.inodesMax }))
  return ino
}

test('writes beyond the limit are refused when they are made, and usage is live', async () => {
  await using t = await testFilesystem(CHUNK)
  const parent = await rootWithQuota(t, { bytesMax: 3 * CHUNK })
  const { ino } = await makeNode(t.fs, 'a', { parent })
  await writeAll(t.fs, ino, 0, Buffer.alloc(2 * CHUNK, 'a'))
  const options = { append: false, killPrivileges: false }
  assert.equal(await t.fs.vfs.write(ino, 2 * CHUNK, Buffer.alloc(2 * CHUNK, 'a'), options), ERRNO.EDQUOT)
  await writeAll(t.fs, ino, 2 * CHUNK, Buffer.alloc(CHUNK, 'a'))
  await ok(t.fs.vfs.sync(ino, 'all'))
  const [quota] = await ok(t.fs.quotas.list())
  assert.deepEqual([quota?.bytesUsed, quota?.inodesUsed], [3 * CHUNK, 2])
  await ok(t.fs.vfs.setAttributes(ino, { size: 0 }, CALLER))
  assert.equal((await ok(t.fs.quotas.list()))[0]?.bytesUsed, 0)
})

test('files are counted, and the count goes down when they are gone', async () => {
  await using t = await testFilesystem(CHUNK)
  const parent = await rootWithQuota(t, { inodesMax: 3 })
  const a = await makeNode(t.fs, 'a', { parent })
  await makeNode(t.fs, 'b', { parent })
  const node = { kind: 'file', mode: 0o644 } as const
  assert.equal(await t.fs.vfs.make(parent, 'c', node, CALLER), ERRNO.EDQUOT)
  await ok(t.fs.vfs.remove(parent, 'a', 'file'))
  t.fs.vfs.forget(a.ino)
  await t.fs.sync()
  assert.ok(!isErrno(await t.fs.vfs.make(parent, 'c', node, CALLER)))
})

test('names cannot be moved or linked across quota roots', async () => {
  await using t = await testFilesystem(CHUNK)
  const parent = await rootWithQuota(t, { bytesMax: CHUNK })
  const { ino } = await makeNode(t.fs, 'outside')
  assert.equal(await t.fs.vfs.link(ino, parent, 'x'), ERRNO.EXDEV)
  const [from, to] = [
    { parent: ROOT_INO, name: 'outside' },
    { parent, name: 'x' },
  ]
  assert.equal(await t.fs.vfs.rename(from, to, 'replace'), ERRNO.EXDEV)
})

test('a directory with files in it does not become a quota root', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino } = await makeNode(t.fs, 'd', { kind: 'directory' })
  await makeNode(t.fs, 'x', { parent: ino })
  assert.equal(await t.fs.quotas.set(ino, { bytesMax: 1, inodesMax: undefined }), ERRNO.ENOTEMPTY)
})

test('a file may be written up to the limit, in any order, and where it has holes', async () => {
  await using t = await testFilesystem(CHUNK)
  const parent = await rootWithQuota(t, { bytesMax: 10 * CHUNK })
  const { ino } = await makeNode(t.fs, 'holes', { parent })
  await ok(t.fs.vfs.setAttributes(ino, { size: 1000 * CHUNK }, CALLER))
  for (const at of [700, 3, 999, 500]) await writeAll(t.fs, ino, at * CHUNK, Buffer.alloc(CHUNK, at))
  const whole = await makeNode(t.fs, 'whole', { parent })
  for (const at of [3, 1, 4, 0, 2, 5]) await writeAll(t.fs, whole.ino, at * CHUNK, Buffer.alloc(CHUNK, at))
  // What replaces what is there already needs no room.
  for (const at of [5, 0]) await writeAll(t.fs, whole.ino, at * CHUNK, Buffer.alloc(CHUNK, 'again'))
  await t.fs.sync()
  assert.equal((await ok(t.fs.quotas.list()))[0]?.bytesUsed, 10 * CHUNK)
  const options = { append: false, killPrivileges: false }
  assert.equal(await t.fs.vfs.write(whole.ino, 6 * CHUNK, Buffer.alloc(CHUNK, 'b'), options), ERRNO.EDQUOT)
})

test('at a full quota the written parts of a file with holes may be written again, its holes not', async () => {
  await using t = await testFilesystem(CHUNK)
  const parent = await rootWithQuota(t, { bytesMax: 4 * CHUNK })
  const { ino } = await makeNode(t.fs, 'holes', { parent })
  await ok(t.fs.vfs.setAttributes(ino, { size: 1000 * CHUNK }, CALLER))
  for (const at of [700, 3, 999, 500]) await writeAll(t.fs, ino, at * CHUNK, Buffer.alloc(CHUNK, 'old'))
  const options = { append: false, killPrivileges: false }
  for (const round of ['again', 'and again']) {
    for (const at of [3, 500, 999]) await writeAll(t.fs, ino, at * CHUNK, Buffer.alloc(CHUNK, round))
    for (const at of [2, 998]) {
      assert.equal(await t.fs.vfs.write(ino, at * CHUNK, Buffer.alloc(2 * CHUNK, 'new'), options), ERRNO.EDQUOT)
    }
    await t.fs.sync()
    await t.fs.seal(ino)
    assert.equal((await ok(t.fs.quotas.list()))[0]?.bytesUsed, 4 * CHUNK)
  }
  const read = Buffer.alloc(CHUNK)
  await ok(t.fs.vfs.read(ino, 500 * CHUNK, read))
  assert.ok(read.equals(Buffer.alloc(CHUNK, 'and again')))
})

test('a refused write into a file without holes writes nothing, however often it is tried', async () => {
  await using t = await testFilesystem(CHUNK)
  const parent = await rootWithQuota(t, { bytesMax: CHUNK })
  const { ino } = await makeNode(t.fs, 'full', { parent })
  await writeAll(t.fs, ino, 0, Buffer.alloc(CHUNK, 'a'))
  await ok(t.fs.vfs.sync(ino, 'all'))
  const before = t.keyspace.revision
  const options = { append: false, killPrivileges: false }
  for (let time = 0; time < 3; time += 1) {
    assert.equal(await t.fs.vfs.write(ino, CHUNK, Buffer.alloc(1, 'b'), options), ERRNO.EDQUOT)
  }
  assert.equal(t.keyspace.revision, before)
})

test('a gap that a write leaves behind the end of a file needs no room', async () => {
  await using t = await testFilesystem(CHUNK)
  const parent = await rootWithQuota(t, { bytesMax: 2 * CHUNK })
  const { ino } = await makeNode(t.fs, 'gap', { parent })
  await writeAll(t.fs, ino, 0, Buffer.alloc(CHUNK, 'a'))
  await writeAll(t.fs, ino, 100 * CHUNK, Buffer.alloc(CHUNK, 'b'))
  await t.fs.sync()
  assert.equal((await ok(t.fs.quotas.list()))[0]?.bytesUsed, 2 * CHUNK)
})

test('what is copied counts, shared or not', async () => {
  await using t = await testFilesystem(CHUNK)
  const parent = await rootWithQuota(t, { bytesMax: 7 * CHUNK })
  const source = await makeNode(t.fs, 'source', { parent })
  await writeAll(t.fs, source.ino, 0, Buffer.alloc(3 * CHUNK, 'a'))
  await t.fs.seal(source.ino)
  const copy = async (name: string, bytes: number) => {
    const { ino } = await makeNode(t.fs, name, { parent })
    return t.fs.vfs.copyRange({ ino: source.ino, offset: 0 }, { ino, offset: 0 }, bytes)
  }
  await ok(copy('whole', 3 * CHUNK))
  assert.equal(await copy('too much', 3 * CHUNK), ERRNO.EDQUOT)
  assert.equal(await copy('part', 2 * CHUNK), ERRNO.EDQUOT)
  await ok(copy('fits', CHUNK))
})
