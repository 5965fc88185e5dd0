import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { ERRNO, isErrno, LOCK_END, type LockRequest, ROOT_INO } from '#storage/fs'
import { fastWorld, get, make, names, ok, put, testCloud } from './testing/cloud.ts'

/** How often that is looked at: STAND_IN_LOOK_MS of the filesystem. */
const LOOK_MS = 250
const LOCK: LockRequest = { way: 'range', type: 'exclusive', from: 0, to: LOCK_END, owner: 'p', handle: 1, pid: 42 }
const other = { name: 'b', isController: false }
const faulty = (code: string) => (error: unknown) => isFault(error, code)

test('what was never looked at is read from a machine with the log while the home is silent', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const a = await cloud.machine('a')
  const home = cloud.home.vfs
  const { ino: dir } = await make(home, 'dir', 'directory')
  const { ino } = await make(home, 'file', 'file', dir)
  await put(home, ino, 'as it was')
  const { ino: large } = await make(home, 'large')
  const bytes = Buffer.alloc(300_000, 'large')
  await put(home, large, bytes)
  await cloud.home.sync()
  a.way.isCut = true
  a.way.break()
  assert.equal(a.fs.standIns, 0)
  cloud.standIn()
  assert.deepEqual(await names(a.vfs, ROOT_INO), ['dir', 'large'])
  const found = await ok(a.vfs.lookup(ROOT_INO, 'dir'))
  assert.equal((await ok(a.vfs.lookup(found.ino, 'file'))).ino, ino)
  assert.equal((await get(a.vfs, ino)).toString(), 'as it was')
  assert.deepEqual(await get(a.vfs, large), bytes)
  assert.equal(await a.vfs.lookup(dir, 'nothing'), ERRNO.ENOENT)
  assert(a.fs.standIns > 0)
  assert.equal(a.vfs.ttlMs, 0, 'no kernel believes it')

  // Nobody tells this machine what changes now: nothing of it is believed once the home is back.
  const before = a.fs.standIns
  await put(home, ino, 'as it is now')
  await ok(home.remove(ROOT_INO, 'large', 'file'))
  a.told.length = 0
  a.way.isCut = false
  assert.equal((await get(a.vfs, ino)).toString(), 'as it is now')
  assert.equal(await a.vfs.lookup(ROOT_INO, 'large'), ERRNO.ENOENT)
  for (const shown of [dir, ino, large]) assert(a.told.includes(`${shown}`), `${shown} is stale for kernels`)
  assert.equal(a.fs.standIns, before)
})

test('who has read much a moment before is answered too: access times are not waited for', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const a = await cloud.machine('a')
  const { ino } = await make(cloud.home.vfs, 'file')
  await put(cloud.home.vfs, ino, 'as it was')
  await make(cloud.home.vfs, 'fresh')
  await cloud.home.sync()
  cloud.standIn()
  const before = cloud.revision
  assert.equal((await get(a.vfs, ino)).toString(), 'as it was')
  await a.fs.sync()
  assert.ok(cloud.revision > before, 'the home knows when it was read, and nobody else')
  a.way.isCut = true
  a.way.break()
  await ok(a.vfs.lookup(ROOT_INO, 'fresh'))
  assert.ok(a.fs.standIns > 0)
})

for (const waits of [false, true]) {
  test(`who was given a lock is not shown what was there before the one who had it${waits ? ', nor who has waited for it' : ''}`, async () => {
    await using cloud = await testCloud(64 * 1024, fastWorld())
    const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
    const { ino } = await make(cloud.home.vfs, 'counter')
    await put(cloud.home.vfs, ino, '1')
    for (const { vfs } of [a, b]) {
      await ok(vfs.lookup(ROOT_INO, 'counter'))
      await ok(vfs.open(ino, { truncate: false, killPrivileges: false }))
    }
    await cloud.home.sync()
    // Another machine has the log up to here.
    cloud.standIn()
    await ok(b.vfs.setLock(ino, LOCK))
    await ok(b.vfs.write(ino, 0, Buffer.from('2'), { append: false, killPrivileges: false }))
    const waiting = waits ? Promise.resolve(a.vfs.setLock(ino, LOCK, new AbortController().signal)) : undefined
    if (waits) await new Promise(resolve => setTimeout(resolve, 50))
    await ok(b.vfs.setLock(ino, { ...LOCK, type: 'none' }))
    await ok(await (waiting ?? a.vfs.setLock(ino, LOCK)))
    a.way.isCut = true
    a.way.break()
    // A read-modify-write under the lock.
    const reading = Promise.resolve(a.vfs.read(ino, 0, Buffer.alloc(1)))
    const answered = await Promise.race([reading, new Promise(resolve => setTimeout(() => resolve('waits'), 500))])
    assert.deepEqual([answered, a.fs.standIns], ['waits', 0], 'a log from before the lock was given has answered')
  })
}

test('what changes something waits for the home', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const a = await cloud.machine('a')
  const { ino } = await make(cloud.home.vfs, 'file')
  a.way.isCut = true
  a.way.break()
  cloud.standIn()
  assert.equal((await ok(a.vfs.lookup(ROOT_INO, 'file'))).ino, ino)
  const removing = a.vfs.remove(ROOT_INO, 'file', 'file')
  a.way.isCut = false
  assert.equal(isErrno(await removing), false)
  assert.equal(await cloud.home.vfs.lookup(ROOT_INO, 'file'), ERRNO.ENOENT)
})

test('however much is asked, one clock looks for what waits too long', async () => {
  const world = fastWorld(1)
  let [running, most] = [0, 0]
  const sleep: typeof world.clock.sleep = async (ms, signal) => {
    if (ms !== LOOK_MS) return world.clock.sleep(ms, signal)
    most = Math.max(most, ++running)
    await world.clock.sleep(ms, signal).finally(() => running--)
  }
  await using cloud = await testCloud(64 * 1024, { ...world, clock: { ...world.clock, sleep } })
  const a = await cloud.machine('a')
  for (let count = 0; count < 100; count++) assert.equal(await a.vfs.lookup(ROOT_INO, `f${count}`), ERRNO.ENOENT)
  assert.equal(most, 1)
})

suite('a machine that stands in for a home', () => {
  test('does not answer who was answered more than it has', async () => {
    await using cloud = await testCloud()
    const standIn = cloud.standIn()
    const ask = (answered: number) =>
      standIn.answer(other, { kind: 'attributes', input: { ino: ROOT_INO }, newest: { answered, epoch: undefined } })
    assert.equal(isErrno((await ask(cloud.revision)).answer), false)
    await assert.rejects(ask(cloud.revision + 1), faulty('Behind'))
  })

  test('answers machines that may use the filesystem, and only what changes nothing', async () => {
    await using cloud = await testCloud()
    const { ino } = await make(cloud.home.vfs, 'private')
    await ok(cloud.home.vfs.setAttributes(ino, { mode: 0o600 }, { uid: 0, gid: 0, umask: 0 }))
    const newest = { answered: 0, epoch: undefined }
    const standIn = cloud.standIn()
    const asRoot = { ino, forWriting: false, caller: { uid: 0, gid: 0, umask: 0 } }
    assert.equal((await standIn.answer(other, { kind: 'access', input: asRoot, newest })).answer, ERRNO.EACCES)
    const controller = { name: 'c', isController: true }
    assert.equal((await standIn.answer(controller, { kind: 'access', input: asRoot, newest })).answer, undefined)
    const remove = { kind: 'remove', input: { parent: ROOT_INO, name: 'private', what: 'file' }, newest } as const
    await assert.rejects(standIn.answer(controller, remove), faulty('NotForStandIn'))
    await cloud.home.access.set({ machines: ['c'], readOnly: [], rootSquash: true }, new AbortController().signal)
    const attributes = { kind: 'attributes', input: { ino }, newest } as const
    await assert.rejects(cloud.standIn().answer(other, attributes), faulty('NotForStandIn'))
  })
})
