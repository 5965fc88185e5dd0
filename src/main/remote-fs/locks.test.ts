import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, type Ino, LOCK_END, type LockRequest, type Vfs } from '#storage/fs'
import { fastWorld, get, make, ok, put, SPEED, testCloud } from './testing/cloud.ts'

const OPEN = { truncate: false, killPrivileges: false }
const AS_ASKED = { append: false, killPrivileges: false }
const NEVER = new AbortController().signal

function lock(type: LockRequest['type'], owner = 'p', way: LockRequest['way'] = 'range'): LockRequest {
  return { way, type, from: 0, to: LOCK_END, owner, handle: 1, pid: 42 }
}

async function write(vfs: Vfs, ino: Ino, text: string): Promise<void> {
  await ok(vfs.write(ino, 0, Buffer.from(text), AS_ASKED))
}

async function settled<Value>(promise: PromiseLike<Value>): Promise<Value | 'waits'> {
  const turns = async (): Promise<'waits'> => {
    for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
    return 'waits'
  }
  return Promise.race([promise, turns()])
}

test('who locks a file keeps it from all other machines, and what was written under the lock the next one sees', async () => {
  await using cloud = await testCloud()
  const [a, b] = [(await cloud.machine('a')).vfs, (await cloud.machine('b')).vfs]
  const here = cloud.home.vfs
  const { ino } = await make(a, 'x')
  await put(a, ino, '0')
  for (const vfs of [a, b, here]) await ok(vfs.open(ino, OPEN))
  for (const [holder, next] of [
    [a, b],
    [b, here],
    [here, a],
  ] as const) {
    await ok(holder.setLock(ino, lock('exclusive')))
    assert.equal(await next.setLock(ino, lock('shared')), ERRNO.EAGAIN)
    const found = await ok(next.getLock(ino, lock('exclusive')))
    assert.deepEqual([found?.type, found?.pid], ['exclusive', 0])
    const waiting = Promise.resolve(next.setLock(ino, lock('exclusive'), NEVER))
    assert.equal(await settled(waiting), 'waits')
    const text = `${Math.random()}`
    await write(holder, ino, text)
    await ok(holder.setLock(ino, lock('none')))
    await ok(await waiting)
    const into = Buffer.alloc(text.length)
    await ok(next.read(ino, 0, into))
    assert.equal(into.toString(), text)
    await ok(next.flush(ino, 'p'))
    assert.equal(next.mustFlush(ino, 'read'), false)
  }
})

test('a wait for a lock ends when it is interrupted, and nothing is left of it', async () => {
  await using cloud = await testCloud()
  const [a, b] = [(await cloud.machine('a')).vfs, (await cloud.machine('b')).vfs]
  const { ino } = await make(a, 'x')
  await ok(a.setLock(ino, lock('exclusive', 'f', 'whole')))
  for (const vfs of [b, cloud.home.vfs]) {
    const interruption = new AbortController()
    const waiting = Promise.resolve(vfs.setLock(ino, lock('exclusive', 'g', 'whole'), interruption.signal))
    assert.equal(await settled(waiting), 'waits')
    interruption.abort()
    assert.equal(await waiting, ERRNO.EINTR)
  }
  a.release(ino, 1)
  await ok(cloud.home.vfs.setLock(ino, lock('exclusive', 'h', 'whole'), NEVER))
})

test('two machines that would wait for each other hear of it', async () => {
  await using cloud = await testCloud()
  const [a, b] = [(await cloud.machine('a')).vfs, (await cloud.machine('b')).vfs]
  const [{ ino: one }, { ino: two }] = [await make(a, 'one'), await make(a, 'two')]
  await ok(a.setLock(one, lock('exclusive')))
  await ok(b.setLock(two, lock('exclusive')))
  const waiting = Promise.resolve(a.setLock(two, lock('exclusive'), NEVER))
  assert.equal(await settled(waiting), 'waits')
  assert.equal(await b.setLock(one, lock('exclusive'), NEVER), ERRNO.EDEADLK)
  await ok(b.setLock(two, lock('none')))
  await ok(await waiting)
})

test('locks outlive the process of the home and that of their machine, which nobody else can use to take them', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await ok(a.vfs.setLock(ino, lock('exclusive')))
  const waiting = Promise.resolve(b.vfs.setLock(ino, lock('exclusive'), NEVER))
  assert.equal(await settled(waiting), 'waits')
  await cloud.restartHome()
  assert.equal(await cloud.home.vfs.setLock(ino, lock('shared')), ERRNO.EAGAIN, 'it waited until all were back')
  await a.killAndReopen()
  assert.equal(a.vfs.mustFlush(ino, 'read'), true)
  await cloud.restartHome()
  assert.equal(await cloud.home.vfs.setLock(ino, lock('shared')), ERRNO.EAGAIN)
  assert.equal(await settled(waiting), 'waits')
  await ok(a.vfs.setLock(ino, lock('none')))
  await ok(await waiting)
})

test('locks of programs at the home outlive its process while their mount does', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  const { ino } = await make(a.vfs, 'x')
  await ok(cloud.home.vfs.setLock(ino, lock('exclusive')))
  cloud.isMounted = true
  await cloud.restartHome()
  assert.equal(await a.vfs.setLock(ino, lock('shared')), ERRNO.EAGAIN)
  cloud.isMounted = false
  await cloud.restartHome()
  await ok(a.vfs.setLock(ino, lock('shared')))
})

test('locks of a machine that is heard no more are free when its lease is over, and its programs cannot go on', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, 'first')
  await ok(a.vfs.open(ino, OPEN))
  await ok(a.vfs.setLock(ino, lock('exclusive')))
  a.way.isCut = true
  a.way.break()
  const before = performance.now()
  await ok(b.vfs.setLock(ino, lock('exclusive'), NEVER))
  const tookMs = (performance.now() - before) * SPEED
  assert.ok(tookMs > 5_000 && tookMs < 14_000, `${tookMs}`)
  await put(b.vfs, ino, 'other')
  a.way.isCut = false
  await ok(a.vfs.statFs())
  assert.equal(await a.vfs.read(ino, 0, Buffer.alloc(5)), ERRNO.EIO)
  assert.equal(await a.vfs.write(ino, 0, Buffer.from('never'), AS_ASKED), ERRNO.EIO)
  assert.equal(await a.vfs.setLock(ino, lock('exclusive')), ERRNO.EIO)
  assert.equal((await get(a.vfs, ino)).toString(), 'other', 'opened anew it is as good as any')
  assert.equal(await a.vfs.setLock(ino, lock('exclusive')), ERRNO.EAGAIN)
})

test('a lock is had when the kernel has heard what others changed under it, however busy the machine is', async () => {
  const world = fastWorld()
  await using cloud = await testCloud(64 * 1024, world)
  const { vfs: far } = await cloud.machine('a')
  const here = cloud.home.vfs
  const { ino } = await make(far, 'x')
  for (const [holder, next] of [
    [far, here],
    [here, far],
  ] as const) {
    await ok(holder.setLock(ino, lock('exclusive')))
    const waiting = Promise.resolve(next.setLock(ino, lock('exclusive'), NEVER))
    await write(holder, ino, 'changed')
    const kernel = Promise.withResolvers<void>()
    cloud.kernelsTold = () => kernel.promise
    await ok(holder.setLock(ino, lock('none')))
    const late = world.clock.sleep(2_000, NEVER).then(() => 'waits')
    assert.equal(await Promise.race([waiting, late]), 'waits')
    kernel.resolve()
    await ok(await waiting)
    await ok(next.setLock(ino, lock('none')))
  }
})
