import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, isErrno, ROOT_INO } from '#storage/fs'
import { close, fastWorld, get, make, ok, put, SPEED, testCloud, type TestMachine } from './testing/cloud.ts'

const AS_ASKED = { append: false, killPrivileges: false }
const OPEN = { truncate: false, killPrivileges: false }

function cut(machine: TestMachine): void {
  machine.way.isCut = true
  machine.way.break()
}

async function timeOf(step: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await step()
  return (performance.now() - before) * SPEED
}

test('a machine that is heard no more keeps others waiting until its lease is over, and loses what it had not written', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, 'first')
  await ok(b.vfs.open(ino, OPEN))
  await ok(b.vfs.write(ino, 0, Buffer.from('gone!'), AS_ASKED))
  cut(b)
  const tookMs = await timeOf(() => put(a.vfs, ino, 'kept!'))
  assert.ok(tookMs > 5_000 && tookMs < 14_000, `${tookMs}`)
  b.way.isCut = false
  assert.equal((await ok(b.vfs.statFs())).nameBytesMax, 255)
  assert.equal(await b.vfs.flush(ino), ERRNO.EIO, 'the program hears of it at close')
  assert.equal(await b.vfs.read(ino, 0, Buffer.alloc(5)), ERRNO.EIO)
  b.vfs.release(ino)
  assert.equal((await get(b.vfs, ino)).toString(), 'kept!', 'opened anew it is as good as any')
  await put(b.vfs, ino, 'again')
  assert.equal((await get(a.vfs, ino)).toString(), 'again')
})

test('what is appended to a file whose writes were lost with their session is refused', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, 'first')
  await ok(b.vfs.open(ino, OPEN))
  await ok(b.vfs.write(ino, 0, Buffer.from('lost!'), AS_ASKED))
  cut(b)
  await timeOf(() => put(a.vfs, ino, 'kept!'))
  b.way.isCut = false
  assert.ok(isErrno(await b.vfs.write(ino, 0, Buffer.from('behind'), { ...AS_ASKED, append: true })))
  assert.equal((await get(a.vfs, ino)).toString(), 'kept!')
})

test('what a machine held open without a name is gone with its session', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await ok(b.vfs.open(ino, OPEN))
  await ok(a.vfs.remove(ROOT_INO, 'x', 'file'))
  a.vfs.forget(ino)
  await a.fs.sync()
  assert.equal((await ok(cloud.home.quotas.whole())).inodesUsed, 1)
  cut(b)
  await timeOf(async () => {
    while (cloud.home.sessions.size > 1) await new Promise(resolve => setTimeout(resolve, 20))
  })
  assert.equal((await ok(cloud.home.quotas.whole())).inodesUsed, 0)
})

test('while the home cannot be reached open files show what is known, and what is not waits a minute', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const a = await cloud.machine('a')
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, 'known')
  await ok(a.vfs.open(ino, OPEN))
  const into = Buffer.alloc(5)
  await ok(a.vfs.read(ino, 0, into))
  cut(a)
  assert.equal(a.vfs.ttlMs > 0 && a.vfs.ttlMs <= 10_000, true)
  const waitMs = await timeOf(async () => {
    assert.equal(await a.vfs.lookup(ROOT_INO, 'unknown'), ERRNO.EIO)
  })
  assert.ok(waitMs > 55_000 && waitMs < 75_000, `${waitMs}`)
  assert.equal(a.vfs.ttlMs, 0)
  into.fill(0)
  assert.equal((await ok(a.vfs.read(ino, 0, into))).bytes, 5)
  assert.equal(into.toString(), 'known')
  assert.equal((await ok(a.vfs.attributes(ino))).size, 5)
  a.way.isCut = false
  assert.equal((await get(a.vfs, ino)).toString(), 'known')
  await close(a.vfs, ino)
})

test('while the home cannot be reached, a file that was read is found, opened and read again for as long as the lease holds', async () => {
  await using cloud = await testCloud(64 * 1024)
  const a = await cloud.machine('a')
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, 'known')
  assert.equal((await get(a.vfs, ino)).toString(), 'known')
  await ok(a.vfs.lookup(ROOT_INO, 'x'))
  cut(a)
  const beganMs = performance.now()
  while (performance.now() - beganMs < 3_000) {
    assert.equal((await ok(a.vfs.lookup(ROOT_INO, 'x'))).ino, ino)
    assert.equal((await get(a.vfs, ino)).toString(), 'known')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  a.way.isCut = false
})

test('who closes while the home is gone does not wait for it, and goes on later', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const a = await cloud.machine('a')
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, '0123456789')
  await ok(a.vfs.open(ino, OPEN))
  await ok(a.vfs.write(ino, 0, Buffer.from('later'), AS_ASKED))
  cut(a)
  const tookMs = await timeOf(async () => a.fs[Symbol.asyncDispose]())
  assert.ok(tookMs < 4_000, `${tookMs}`)
  a.way.isCut = false
  await a.killAndReopen()
  assert.equal((await get(cloud.home.vfs, ino)).toString(), 'later56789')
})

test('a session goes on after the process of its machine was killed, with what it had not written', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, '0123456789')
  await ok(a.vfs.write(ino, 3, Buffer.from('abc'), AS_ASKED))
  await a.killAndReopen()
  await make(a.vfs, 'y')
  assert.equal((await get(b.vfs, ino)).toString(), '012abc6789')
  assert.equal(cloud.home.sessions.size, 2)
})
