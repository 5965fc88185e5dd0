import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cookie, ERRNO, LateVfs, type Reply, ROOT_INO, type Vfs } from '#storage/fs'
import { CALLER, fastWorld, get, make, names, ok, put, SPEED, testCloud } from './testing/cloud.ts'

test('what is mounted before its home is reached waits for it, a minute at most', async () => {
  const world = fastWorld()
  await using cloud = await testCloud(64 * 1024, world)
  const { vfs } = await cloud.machine('a')
  await make(vfs, 'x')
  const opening = Promise.withResolvers<Vfs>()
  const late = new LateVfs(opening.promise, world.clock)
  assert.equal(late.ttlMs, 0)
  const before = performance.now()
  assert.equal(await late.lookup(ROOT_INO, 'x'), ERRNO.EIO)
  const tookMs = (performance.now() - before) * SPEED
  assert.ok(tookMs > 55_000 && tookMs < 75_000, `${tookMs}`)
  const told: string[] = []
  late.onInvalidation(change => told.push(change.kind))
  late.request(7, false, CALLER)
  const removed = late.remove(ROOT_INO, 'x', 'file')
  late.request(8, false, CALLER)
  const made = late.make(ROOT_INO, 'y', { kind: 'file', mode: 0o600 }, CALLER)
  opening.resolve(vfs)
  await ok(removed)
  assert.equal((await ok(made)).uid, CALLER.uid)
  assert.deepEqual(await names(late), ['y'])
  assert.ok(late.ttlMs > 0)
  await ok(cloud.home.vfs.remove(ROOT_INO, 'y', 'file'))
  assert.ok(told.length > 0)
})

test('where another machine may be the home, open files go on, and all else waits until it is known, a minute at most', async () => {
  const world = fastWorld()
  await using cloud = await testCloud(64 * 1024, world)
  const { vfs } = cloud.home
  const { ino } = await make(vfs, 'x')
  await put(vfs, ino, 'here')
  const asked = { truncate: false, killPrivileges: false }
  await ok(vfs.open(ino, asked))
  cloud.isCutOff = true
  assert.equal(vfs.ttlMs, 0, 'no kernel believes a name')
  const read = Buffer.alloc(4)
  assert.deepEqual(await ok(vfs.read(ino, 0, read)), { bytes: 4 })
  assert.equal(read.toString(), 'here')
  assert.equal((await ok(vfs.attributes(ino))).size, 4)
  vfs.request(7, false, CALLER)
  const waiting = [vfs.lookup(ROOT_INO, 'x'), make(vfs, 'y'), vfs.open(ino, asked)] as const
  assert.equal(await Promise.race([...waiting, world.clock.sleep(30_000, NEVER).then(() => 'waits')]), 'waits')
  cloud.isCutOff = false
  await Promise.all(waiting.map(each => ok(each as Reply<unknown>)))
  assert.deepEqual(await names(vfs), ['x', 'y'])
  cloud.isCutOff = true
  const node = { kind: 'file', mode: 0o600 } as const
  const refused = await Promise.all([
    vfs.lookup(ROOT_INO, 'x'),
    vfs.open(ino, asked),
    vfs.write(ino, 0, Buffer.from('lost'), { append: false, killPrivileges: false }),
    vfs.make(ROOT_INO, 'z', node, CALLER),
    vfs.setAttributes(ino, { size: 0 }, CALLER),
    vfs.list(ROOT_INO, 0 as Cookie, { attributes: false, take: () => true }),
  ])
  assert.deepEqual(
    refused,
    Array.from(refused, () => ERRNO.EIO),
  )
  cloud.isCutOff = false
  assert.deepEqual(await names(vfs), ['x', 'y'])
  assert.equal((await get(vfs, ino)).toString(), 'here')
})

const NEVER = new AbortController().signal
