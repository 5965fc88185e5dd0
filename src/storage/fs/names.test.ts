import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO } from './errno.ts'
import { ROOT_INO } from './inode.ts'
import { CALLER, makeNode, names, ok, readAll, testFilesystem, writeAll } from './testing/memory-filesystem.ts'
import type { Cookie } from './vfs.ts'

test('a made file is found, listed and shown with its mode after the umask', async () => {
  await using t = await testFilesystem()
  const made = await makeNode(t.fs, 'a', { mode: 0o666 })
  assert.equal(made.mode, 0o644)
  assert.deepEqual(await t.fs.vfs.lookup(ROOT_INO, 'a'), made)
  assert.deepEqual(await names(t.fs, ROOT_INO), ['.', '..', 'a'])
})

test('a taken name, a missing one and a bad one are refused', async () => {
  await using t = await testFilesystem()
  await makeNode(t.fs, 'a')
  const node = { kind: 'file', mode: 0o644 } as const
  assert.equal(await t.fs.vfs.make(ROOT_INO, 'a', node, CALLER), ERRNO.EEXIST)
  assert.equal(await t.fs.vfs.lookup(ROOT_INO, 'b'), ERRNO.ENOENT)
  assert.equal(await t.fs.vfs.make(ROOT_INO, 'x'.repeat(256), node, CALLER), ERRNO.ENAMETOOLONG)
  assert.equal(await t.fs.vfs.make(ROOT_INO, 'a/b', node, CALLER), ERRNO.EINVAL)
})

test('directories count links and refuse to go while names are in them', async () => {
  await using t = await testFilesystem()
  const dir = await makeNode(t.fs, 'dir', { kind: 'directory', mode: 0o777 })
  await makeNode(t.fs, 'sub', { parent: dir.ino, kind: 'directory' })
  assert.equal((await ok(t.fs.vfs.attributes(dir.ino))).nlink, 3)
  assert.equal(await t.fs.vfs.remove(ROOT_INO, 'dir', 'directory'), ERRNO.ENOTEMPTY)
  assert.equal(await t.fs.vfs.remove(ROOT_INO, 'dir', 'file'), ERRNO.EISDIR)
  await ok(t.fs.vfs.remove(dir.ino, 'sub', 'directory'))
  await ok(t.fs.vfs.remove(ROOT_INO, 'dir', 'directory'))
  assert.deepEqual(await names(t.fs, ROOT_INO), ['.', '..'])
  assert.equal((await ok(t.fs.vfs.attributes(ROOT_INO))).nlink, 2)
})

test('rename replaces, refuses and exchanges as renameat2 says', async () => {
  await using t = await testFilesystem()
  const [a, b] = [await makeNode(t.fs, 'a'), await makeNode(t.fs, 'b')]
  const at = (name: string) => ({ parent: ROOT_INO, name })
  assert.equal(await t.fs.vfs.rename(at('a'), at('b'), 'noReplace'), ERRNO.EEXIST)
  await ok(t.fs.vfs.rename(at('a'), at('b'), 'exchange'))
  assert.equal((await ok(t.fs.vfs.lookup(ROOT_INO, 'a'))).ino, b.ino)
  await ok(t.fs.vfs.rename(at('a'), at('b'), 'replace'))
  assert.equal((await ok(t.fs.vfs.lookup(ROOT_INO, 'b'))).ino, b.ino)
  assert.equal((await ok(t.fs.vfs.attributes(a.ino))).nlink, 0)
  assert.deepEqual(await names(t.fs, ROOT_INO), ['.', '..', 'b'])
})

test('a directory is not moved below itself, and moving it moves the link its parent counts', async () => {
  await using t = await testFilesystem()
  const outer = await makeNode(t.fs, 'outer', { kind: 'directory' })
  const inner = await makeNode(t.fs, 'inner', { parent: outer.ino, kind: 'directory' })
  const below = { parent: inner.ino, name: 'x' }
  assert.equal(await t.fs.vfs.rename({ parent: ROOT_INO, name: 'outer' }, below, 'replace'), ERRNO.EINVAL)
  await ok(t.fs.vfs.rename({ parent: outer.ino, name: 'inner' }, { parent: ROOT_INO, name: 'inner' }, 'replace'))
  assert.equal((await ok(t.fs.vfs.attributes(outer.ino))).nlink, 2)
  assert.equal((await ok(t.fs.vfs.lookup(inner.ino, '..'))).ino, ROOT_INO)
})

test('an unlinked file that is held open can be read and written until it is forgotten', async () => {
  await using t = await testFilesystem()
  const file = await makeNode(t.fs, 'a')
  await ok(t.fs.vfs.remove(ROOT_INO, 'a', 'file'))
  await writeAll(t.fs, file.ino, 0, Buffer.from('still here'))
  assert.equal((await readAll(t.fs, file.ino)).toString(), 'still here')
  await t.killAndReopen()
  assert.equal((await readAll(t.fs, file.ino)).toString(), 'still here')
  t.fs.vfs.forget(file.ino)
  for (let i = 0; i < 16; i++) {
    const other = await makeNode(t.fs, `o${i}`)
    await ok(t.fs.vfs.remove(ROOT_INO, `o${i}`, 'file'))
    t.fs.vfs.forget(other.ino)
  }
  assert.equal(await t.fs.vfs.attributes(file.ino), ERRNO.ENOENT)
})

test('listing goes on behind any cookie while names come and go', async () => {
  await using t = await testFilesystem()
  for (let i = 0; i < 600; i++) await makeNode(t.fs, `f${i}`)
  const seen: string[] = []
  for (let after = 0 as Cookie, more = true; more; ) {
    const page: string[] = []
    await ok(
      t.fs.vfs.list(ROOT_INO, after, {
        attributes: true,
        take: entry => {
          if (page.length === 7) return false
          page.push(entry.name)
          after = entry.cookie
          return true
        },
      }),
    )
    more = page.length > 0
    seen.push(...page)
    const victim = page.at(-1)
    if (victim !== undefined && victim.startsWith('f')) await ok(t.fs.vfs.remove(ROOT_INO, victim, 'file'))
  }
  assert.equal(seen.length, 602)
  assert.equal(new Set(seen).size, 602)
})

test('a changing request that is sent again after a kill is not done twice', async () => {
  await using t = await testFilesystem()
  t.fs.vfs.request(42, false)
  const first = await makeNode(t.fs, 'a')
  await t.killAndReopen()
  t.fs.vfs.request(42, true)
  assert.equal((await makeNode(t.fs, 'a')).ino, first.ino)
  t.fs.vfs.request(44, true)
  assert.equal(await t.fs.vfs.make(ROOT_INO, 'a', { kind: 'file', mode: 0 }, CALLER), ERRNO.EEXIST)
})

test('a set-group-id directory hands on its group, and directories the bit', async () => {
  await using t = await testFilesystem()
  const dir = await makeNode(t.fs, 'dir', { kind: 'directory', mode: 0o777 })
  await ok(t.fs.vfs.setAttributes(dir.ino, { mode: 0o2775, gid: 77 }, CALLER))
  await ok(t.fs.vfs.setAttributes(dir.ino, { mode: 0o2775 }, CALLER))
  const sub = await makeNode(t.fs, 'sub', { parent: dir.ino, kind: 'directory', mode: 0o777 })
  assert.deepEqual([sub.gid, sub.mode], [77, 0o2755])
  const file = await makeNode(t.fs, 'file', { parent: dir.ino })
  assert.deepEqual([file.gid, file.mode], [77, 0o644])
})

// Found by the simulator, seed 23 of plan power.
test('a name that was looked for in vain is found once it is made, and gone once it is removed', async () => {
  await using t = await testFilesystem()
  assert.equal(await t.fs.vfs.lookup(ROOT_INO, 'a'), ERRNO.ENOENT)
  const made = await makeNode(t.fs, 'a')
  assert.equal((await ok(t.fs.vfs.lookup(ROOT_INO, 'a'))).ino, made.ino)
  await ok(t.fs.vfs.remove(ROOT_INO, 'a', 'file'))
  assert.equal(await t.fs.vfs.lookup(ROOT_INO, 'a'), ERRNO.ENOENT)
})
