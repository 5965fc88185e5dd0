import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import type { Filesystem } from '../filesystem.ts'
import { ROOT_INO } from '../inode.ts'
import { CALLER, makeNode, ok, readAll, testFilesystem, writeAll } from '../testing/memory-filesystem.ts'
import type { Attributes } from '../vfs.ts'

const SIGNAL = new AbortController().signal

async function find(fs: Filesystem, path: string): Promise<Attributes> {
  let found = await ok(fs.vfs.attributes(ROOT_INO))
  for (const name of path.split('/').filter(part => part !== '')) found = await ok(fs.vfs.lookup(found.ino, name))
  return found
}

test('a restored tree has the names, content, attributes and links of the snapshot, and copies no bytes', async () => {
  await using test = await testFilesystem(4096)
  const { fs, chunks } = test
  const docs = await makeNode(fs, 'docs', { kind: 'directory', mode: 0o750 })
  const deep = await makeNode(fs, 'deep', { kind: 'directory', parent: docs.ino })
  const file = await makeNode(fs, 'file', { parent: deep.ino, mode: 0o640 })
  const content = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i % 253))
  await writeAll(fs, file.ino, 0, content)
  for (let i = 0; i < 20; i++) await ok(fs.vfs.setXattr(file.ino, `user.${i}`, Buffer.alloc(300, i), 'set'))
  await ok(fs.vfs.link(file.ino, docs.ino, 'second'))
  await ok(fs.vfs.make(docs.ino, 'link', { kind: 'symlink', mode: 0o777, target: 'deep/file' }, CALLER))
  await ok(fs.vfs.make(docs.ino, 'pipe', { kind: 'fifo', mode: 0o604 }, CALLER))
  for (let i = 0; i < 600; i++) await makeNode(fs, `empty-${i}`, { parent: deep.ino })
  await ok(fs.vfs.setAttributes(docs.ino, { mtime: 1_000_000_000n, uid: 7, gid: 8 }, CALLER))
  await fs.snapshots.create('kept', SIGNAL)
  const before = chunks.chunks.size
  const to = { parent: ROOT_INO, name: 'back' }
  assert.equal(await fs.snapshots.restore({ snapshot: 'kept', path: '/docs', to }, SIGNAL), 606)
  assert.equal(chunks.chunks.size, before)
  const back = await find(fs, 'back')
  assert.deepEqual([back.mode, back.uid, back.gid, back.mtimeNs, back.nlink], [0o750, 7, 8, 1_000_000_000n, 3])
  const restored = await find(fs, 'back/deep/file')
  assert.deepEqual(await readAll(fs, restored.ino), content)
  assert.equal((await find(fs, 'back/second')).ino, restored.ino)
  assert.equal(restored.nlink, 2)
  assert.equal((await ok(fs.vfs.listXattr(restored.ino))).length, 20)
  // In place of what is there, nothing differs but what is outside.
  await ok(fs.vfs.rename({ parent: ROOT_INO, name: 'docs' }, { parent: ROOT_INO, name: 'old' }, 'replace'))
  await ok(fs.vfs.rename(to, { parent: ROOT_INO, name: 'docs' }, 'replace'))
  const differences = await Array.fromAsync(fs.snapshots.diff({ from: 'kept', to: undefined }, SIGNAL))
  assert.deepEqual(
    differences.map(({ path }) => path).filter(path => path !== '' && !path.startsWith('old')),
    [],
  )
})

test('a restored file can be changed without changing the snapshot', async () => {
  await using test = await testFilesystem(4096)
  const { fs } = test
  const { ino } = await makeNode(fs, 'file')
  await writeAll(fs, ino, 0, Buffer.alloc(9000, 'a'))
  await fs.snapshots.create('kept', SIGNAL)
  const to = { parent: ROOT_INO, name: 'copy' }
  assert.equal(await fs.snapshots.restore({ snapshot: 'kept', path: 'file', to }, SIGNAL), 1)
  const copy = await find(fs, 'copy')
  await writeAll(fs, copy.ino, 4000, Buffer.alloc(200, 'b'))
  await fs.seal(copy.ino)
  assert.equal((await readAll(fs, copy.ino)).toString('latin1', 3999, 4201), `a${'b'.repeat(200)}a`)
  assert.ok((await readAll(fs, (await find(fs, '.snapshots/kept/file')).ino)).equals(Buffer.alloc(9000, 'a')))
})

test('what is not in the snapshot, a taken place and a full quota are refused by name', async () => {
  await using test = await testFilesystem(4096)
  const { fs } = test
  const { ino } = await makeNode(fs, 'file')
  await writeAll(fs, ino, 0, Buffer.alloc(9000, 'a'))
  const small = await makeNode(fs, 'small', { kind: 'directory' })
  await ok(fs.quotas.set(small.ino, { bytesMax: 8192, inodesMax: undefined }))
  await fs.snapshots.create('kept', SIGNAL)
  const restore = (path: string, parent: typeof ino, name: string) =>
    fs.snapshots.restore({ snapshot: 'kept', path, to: { parent, name } }, SIGNAL)
  await assert.rejects(restore('nothing', ROOT_INO, 'x'), error => isFault(error, 'PathNotFound'))
  await assert.rejects(restore('file', ROOT_INO, 'file'), error => isFault(error, 'RestoreRefused'))
  await assert.rejects(
    restore('file', small.ino, 'x'),
    error => isFault(error, 'RestoreRefused') && /EDQUOT/.test(error.message),
  )
})
