import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteString } from '#base'
import { ERRNO } from '../errno.ts'
import type { Filesystem } from '../filesystem.ts'
import { ROOT_INO } from '../inode.ts'
import { CALLER, makeNode, names, ok, readAll, testFilesystem, writeAll } from '../testing/memory-filesystem.ts'
import type { Attributes, Cookie, DirectoryEntry, Ino } from '../vfs.ts'

const SIGNAL = new AbortController().signal

async function find(fs: Filesystem, path: string): Promise<Attributes> {
  let found = await ok(fs.vfs.attributes(ROOT_INO))
  for (const name of path.split('/').filter(part => part !== '')) found = await ok(fs.vfs.lookup(found.ino, name))
  return found
}

test('a snapshot shows content, attributes and links as they were', async () => {
  await using test = await testFilesystem(4096)
  const { fs } = test
  const docs = await makeNode(fs, 'docs', { kind: 'directory', mode: 0o2750 })
  const file = await makeNode(fs, 'file', { parent: docs.ino, mode: 0o640 })
  const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, i) => i % 251))
  await writeAll(fs, file.ino, 0, bytes)
  await ok(fs.vfs.allocate(file.ino, 'punch', 4096, 8192))
  await ok(fs.vfs.setXattr(file.ino, 'user.small', Buffer.from('value'), 'set'))
  await ok(fs.vfs.setXattr(file.ino, 'user.large', Buffer.alloc(5000, 'v'), 'set'))
  await ok(fs.vfs.make(docs.ino, 'link', { kind: 'symlink', mode: 0o777, target: 'file' }, CALLER))
  await ok(fs.vfs.make(docs.ino, 'device', { kind: 'charDevice', mode: 0o600, rdev: 261 }, CALLER))
  await ok(fs.vfs.link(file.ino, docs.ino, 'second'))
  const [content, before] = [await readAll(fs, file.ino), await ok(fs.vfs.attributes(file.ino))]
  await fs.snapshots.create('kept', SIGNAL)
  await writeAll(fs, file.ino, 0, Buffer.alloc(40_000, 1))
  await ok(fs.vfs.remove(docs.ino, 'second', 'file'))
  const kept = await find(fs, '.snapshots/kept/docs/file')
  assert.deepEqual({ ...kept, ino: before.ino, blocks: 0 }, { ...before, blocks: 0 })
  assert.equal(kept.ino, (await find(fs, '.snapshots/kept/docs/second')).ino)
  assert.deepEqual(await readAll(fs, kept.ino), content)
  assert.equal(Buffer.from(await ok(fs.vfs.getXattr(kept.ino, 'user.small'))).toString(), 'value')
  assert.equal((await ok(fs.vfs.getXattr(kept.ino, 'user.large'))).length, 5000)
  assert.deepEqual([...(await ok(fs.vfs.listXattr(kept.ino)))].sort(), ['user.large', 'user.small'])
  assert.equal((await ok(fs.vfs.seek(kept.ino, 0, 'hole'))).offset, 4096)
  assert.equal((await ok(fs.vfs.seek(kept.ino, 5000, 'data'))).offset, 12_288)
  assert.equal(await ok(fs.vfs.readLink((await find(fs, '.snapshots/kept/docs/link')).ino)), 'file')
  assert.equal((await find(fs, '.snapshots/kept/docs/device')).rdev, 261)
  assert.equal((await find(fs, '.snapshots/kept/docs')).mode, 0o2750)
})

test('.snapshots is found in the root but not listed, and lists the snapshots', async () => {
  await using test = await testFilesystem()
  const { fs } = test
  await fs.snapshots.create('b', SIGNAL)
  await fs.snapshots.create('a', SIGNAL)
  assert.deepEqual(await names(fs, ROOT_INO), ['.', '..'])
  const snapshots = await find(fs, '.snapshots')
  assert.equal(snapshots.kind, 'directory')
  assert.deepEqual(await names(fs, snapshots.ino), ['.', '..', 'b', 'a'])
  assert.equal((await ok(fs.vfs.lookup((await find(fs, '.snapshots/a')).ino, '..'))).ino, snapshots.ino)
  assert.equal(await fs.vfs.lookup(snapshots.ino, 'c'), ERRNO.ENOENT)
})

test('a directory of many pages is listed once whole, from any cookie, as often as asked', async () => {
  await using test = await testFilesystem()
  const { fs } = test
  const expected = Array.from({ length: 1500 }, (_, i) => `file-${i}`).sort()
  for (const name of expected) await makeNode(fs, name)
  await fs.snapshots.create('s', SIGNAL)
  const { ino } = await find(fs, '.snapshots/s')
  const listed: DirectoryEntry[] = []
  for (let after = 0 as Cookie; ; ) {
    let room = 100
    const before = listed.length
    const take = (entry: DirectoryEntry): boolean => room-- > 0 && listed.push(entry) > 0
    await ok(fs.vfs.list(ino, after, { attributes: true, take }))
    if (listed.length === before) break
    after = listed.at(-1)!.cookie
  }
  assert.deepEqual(
    listed.slice(2).map(entry => entry.name),
    expected,
  )
  assert.equal((await ok(fs.vfs.lookup(ino, 'file-77'))).ino, listed.find(entry => entry.name === 'file-77')!.ino)
})

test('everything below .snapshots is read-only, and the name cannot be taken', async () => {
  await using test = await testFilesystem()
  const { fs } = test
  const live = await makeNode(fs, 'live')
  const directory = await makeNode(fs, 'dir', { kind: 'directory' })
  await fs.snapshots.create('s', SIGNAL)
  const snapshots = (await find(fs, '.snapshots')).ino
  const [root, file] = [(await find(fs, '.snapshots/s')).ino, (await find(fs, '.snapshots/s/live')).ino]
  const { vfs } = fs
  const node = { kind: 'file', mode: 0o600 } as const
  const name: ByteString = '.snapshots'
  const bytes = Buffer.from('x')
  assert.equal(await vfs.make(root, 'new', node, CALLER), ERRNO.EROFS)
  assert.equal(await vfs.make(snapshots, 'new', { kind: 'directory', mode: 0o700 }, CALLER), ERRNO.EROFS)
  assert.equal(await vfs.makeUnnamed(root, 0o600, CALLER), ERRNO.EROFS)
  assert.equal(await vfs.write(file, 0, bytes, { append: false, killPrivileges: false }), ERRNO.EROFS)
  assert.equal(await vfs.setAttributes(file, { mode: 0 }, CALLER), ERRNO.EROFS)
  assert.equal(await vfs.open(file, { truncate: true, killPrivileges: false }), ERRNO.EROFS)
  assert.equal(await vfs.remove(root, 'live', 'file'), ERRNO.EROFS)
  assert.equal(await vfs.remove(snapshots, 's', 'directory'), ERRNO.EROFS)
  assert.equal(await vfs.remove(ROOT_INO, name, 'directory'), ERRNO.EROFS)
  assert.equal(await vfs.setXattr(file, 'user.a', bytes, 'set'), ERRNO.EROFS)
  assert.equal(await vfs.rename({ parent: root, name: 'live' }, { parent: root, name: 'x' }, 'replace'), ERRNO.EROFS)
  assert.equal(
    await vfs.rename({ parent: root, name: 'live' }, { parent: ROOT_INO, name: 'x' }, 'replace'),
    ERRNO.EXDEV,
  )
  assert.equal(await vfs.rename({ parent: ROOT_INO, name: 'dir' }, { parent: ROOT_INO, name }, 'replace'), ERRNO.EROFS)
  assert.equal(await vfs.make(ROOT_INO, name, node, CALLER), ERRNO.EEXIST)
  assert.equal(await vfs.link(live.ino, ROOT_INO, name), ERRNO.EEXIST)
  assert.equal(await vfs.link(file, ROOT_INO, 'x'), ERRNO.EXDEV)
  assert.equal(await vfs.copyRange({ ino: live.ino, offset: 0 }, { ino: file, offset: 0 }, 1), ERRNO.EROFS)
  const elsewhere = await ok(vfs.make(directory.ino, name, node, CALLER))
  assert.equal(elsewhere.kind, 'file')
})

test('numbers the kernel kept over a restart or of a removed snapshot are stale, looked up again they are the same', async () => {
  await using test = await testFilesystem()
  const directory = await makeNode(test.fs, 'dir', { kind: 'directory' })
  await makeNode(test.fs, 'file', { parent: directory.ino })
  await test.fs.snapshots.create('s', SIGNAL)
  const before: Ino[] = []
  for (const path of ['', '/dir', '/dir/file']) before.push((await find(test.fs, `.snapshots/s${path}`)).ino)
  await test.killAndReopen()
  const { fs } = test
  assert.equal((await ok(fs.vfs.attributes(before[0]!))).kind, 'directory')
  assert.equal(await fs.vfs.attributes(before[1]!), ERRNO.ESTALE)
  assert.equal(await fs.vfs.attributes(before[2]!), ERRNO.ESTALE)
  assert.equal(await fs.vfs.open(before[2]!, { truncate: false, killPrivileges: false }), ERRNO.ESTALE)
  assert.equal((await find(fs, '.snapshots/s/dir/file')).ino, before[2])
  fs.vfs.forget(before[2]!)
  assert.equal(await fs.vfs.attributes(before[2]!), ERRNO.ESTALE)
  await fs.snapshots.remove('s', SIGNAL)
  for (const ino of before) assert.equal(await fs.vfs.attributes(ino), ERRNO.ESTALE)
  await fs.snapshots.create('s', SIGNAL)
  assert.notEqual((await find(fs, '.snapshots/s')).ino, before[0])
})
