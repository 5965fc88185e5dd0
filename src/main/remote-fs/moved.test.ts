import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, ROOT_INO } from '#storage/fs'
import { get, make, ok, put, testCloud } from './testing/cloud.ts'

/** How long a session lives that nobody hears of. */
const LEASE_MS = 10_000
const PLAIN = { append: false, killPrivileges: false }

test('when another machine becomes the home, sessions go on there, with what they have open', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'open')
  const { ino: gone } = await make(b.vfs, 'gone')
  await put(b.vfs, gone, 'held')
  await ok(b.vfs.open(gone, { truncate: false, killPrivileges: false }))
  await ok(a.vfs.open(ino, { truncate: false, killPrivileges: false }))
  await ok(b.vfs.remove(ROOT_INO, 'gone', 'file'))
  await ok(a.vfs.write(ino, 0, Buffer.from('one '), PLAIN))
  await cloud.moveHome()
  await ok(a.vfs.write(ino, 4, Buffer.from('two'), PLAIN))
  await ok(a.vfs.sync(ino, 'all'))
  assert.equal((await get(b.vfs, ino)).toString(), 'one two')
  const into = Buffer.alloc(4)
  await ok(b.vfs.read(gone, 0, into))
  assert.equal(into.toString(), 'held')
  await cloud.moveHome()
  await make(a.vfs, 'after')
  await ok(b.vfs.lookup(ROOT_INO, 'after'))
  assert.equal(cloud.home.sessions.size, 2)
})

test('a session whose last answered change another home does not have is lost there, and says so', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'file')
  await ok(a.vfs.open(ino, { truncate: false, killPrivileges: false }))
  await ok(b.vfs.lookup(ROOT_INO, 'file'))
  await put(a.vfs, ino, 'answered')
  await ok(a.vfs.write(ino, 0, Buffer.from('dirty'), PLAIN))
  // The log of the next home ends before the last change of a.
  await cloud.moveHome(cloud.revision)
  assert.equal(await a.vfs.sync(ino, 'all'), ERRNO.EIO)
  await a.fs.sync().catch(() => undefined) // said once
  assert.equal(cloud.home.sessions.size, 2)
})

test('a session goes on at a home that does not know when something was read', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  const { ino: read } = await make(cloud.home.vfs, 'read')
  await put(cloud.home.vfs, read, 'something')
  const { ino } = await make(a.vfs, 'file')
  await ok(a.vfs.open(ino, { truncate: false, killPrivileges: false }))
  const first = cloud.revision
  await get(a.vfs, read)
  await a.fs.sync()
  assert.ok(cloud.revision > first, 'the home knows when it was read, and nobody else')
  await ok(a.vfs.write(ino, 0, Buffer.from('dirty'), PLAIN))
  await cloud.moveHome(first + 1)
  assert.equal(await ok(a.vfs.sync(ino, 'all')), undefined)
  assert.equal((await get(cloud.home.vfs, ino)).toString(), 'dirty')
})

test('a machine that becomes the home waits for no session of its own', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  await make(a.vfs, 'file')
  await ok(b.vfs.lookup(ROOT_INO, 'file'))
  a.way.isCut = true
  a.way.break()
  const beganMs = performance.now()
  await cloud.moveHome(undefined, 'a')
  await make(b.vfs, 'after')
  assert.ok(performance.now() - beganMs < LEASE_MS, 'not until its lease would be over')
})

test('a session that a home between has answered, whose log another home does not have, is lost there', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  const { ino } = await make(a.vfs, 'file')
  await cloud.moveHome()
  await put(a.vfs, ino, 'answered in epoch 2')
  await ok(a.vfs.attributes(ino)) // waits for what was closed
  // As long as the log of the home between, but written by the home before it.
  await cloud.moveHome(cloud.revision + 10, 'elsewhere', [1])
  assert.equal(await a.vfs.sync(ino, 'all'), ERRNO.EIO)
  await a.fs.sync().catch(() => undefined) // said once
  await put(a.vfs, ino, 'answered in epoch 3')
  await cloud.moveHome()
  assert.equal(await ok(a.vfs.sync(ino, 'all')), undefined)
})

test('programs of a machine that was the home are told what the next home does not have of theirs', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  const [{ ino: changed }, { ino: locked }] = [await make(a.vfs, 'changed'), await make(a.vfs, 'locked')]
  await a.killAndReopen({ changed: [changed], locked: [locked] })
  await ok(a.vfs.open(changed, { truncate: false, killPrivileges: false }))
  assert.equal(await a.vfs.sync(changed, 'all'), ERRNO.EIO, 'what was written before is not there')
  await ok(a.vfs.write(changed, 0, Buffer.from('again'), PLAIN))
  await ok(a.vfs.sync(changed, 'all'))
  assert.equal(await a.vfs.read(locked, 0, Buffer.alloc(1)), ERRNO.EIO, 'others may have the lock')
  assert.equal((await get(a.vfs, locked)).toString(), '', 'opened anew it is as good as any')
})
