import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attributes, ERRNO, isErrno, ROOT_INO } from '#storage/fs'
import {
  CALLER,
  fastWorld,
  get,
  make,
  names,
  ok,
  put,
  testCloud,
  type TestCloud,
  type TestMachine,
} from './testing/cloud.ts'

const PLAIN = { append: false, killPrivileges: false }
const MTIME = 1_700_000_000_000_000_000n

/** Keeps what is written from being done at the home until it is disposed. */
function holding(cloud: TestCloud): Disposable {
  const { promise, resolve } = Promise.withResolvers<void>()
  cloud.asked = kind => (kind === 'write' ? promise : Promise.resolve())
  return {
    [Symbol.dispose]: () => {
      cloud.asked = async () => undefined
      resolve()
    },
  }
}

/** As tar(1): makes a file, writes it, sets its times, closes it. */
async function extract({ vfs }: TestMachine, name: string, text: string): Promise<Attributes> {
  const { ino } = await make(vfs, name)
  await ok(vfs.open(ino, { truncate: false, killPrivileges: false, access: 'write' }))
  await ok(vfs.write(ino, 0, Buffer.from(text), PLAIN))
  const shown = await ok(vfs.setAttributes(ino, { mtime: MTIME }, CALLER))
  assert.deepEqual([shown.size, shown.mtimeNs], [text.length, MTIME])
  await ok(vfs.flush(ino))
  vfs.release(ino)
  return shown
}

test('a file that was made here is closed before all of it is at the home, and whoever looks at it waits for that', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  let isLooked = false
  const looked = [
    async () => (await ok(b.vfs.lookup(ROOT_INO, 'x'))).size,
    async () => (await ok(cloud.home.vfs.lookup(ROOT_INO, 'x'))).size,
    async () => (await get(b.vfs, (await ok(b.vfs.lookup(ROOT_INO, 'x'))).ino)).byteLength,
    async () => (await names(b.vfs)).length * 4,
    async () => (await ok(a.vfs.lookup(ROOT_INO, 'x'))).size,
  ]
  for (const look of looked) {
    isLooked = false
    let seen: Promise<number> | undefined
    {
      using _held = holding(cloud)
      assert.equal((await extract(a, 'x', 'text')).isPassing, true)
      seen = look().finally(() => {
        isLooked = true
      })
      for (let turns = 0; turns < 200; turns += 1) await new Promise(resolve => setImmediate(resolve))
      assert.equal(isLooked, false)
    }
    assert.equal(await seen, 4)
    const { mtimeNs, ino, isPassing } = await ok(b.vfs.lookup(ROOT_INO, 'x'))
    assert.deepEqual([mtimeNs, isPassing], [MTIME, undefined])
    assert.equal((await get(cloud.home.vfs, ino)).toString(), 'text')
    await ok(a.vfs.remove(ROOT_INO, 'x', 'file'))
  }
})

test('a file that somebody else has looked at is at the home when it is closed', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await ok(a.vfs.open(ino, { truncate: false, killPrivileges: false, access: 'write' }))
  await ok(a.vfs.write(ino, 0, Buffer.from('one'), PLAIN))
  assert.equal((await ok(b.vfs.lookup(ROOT_INO, 'x'))).size, 3, 'what was written until then, too')
  await ok(a.vfs.write(ino, 3, Buffer.from('two'), PLAIN))
  let isClosed = false
  let closed: Promise<unknown> | undefined
  {
    using _held = holding(cloud)
    closed = Promise.resolve(a.vfs.flush(ino)).finally(() => {
      isClosed = true
    })
    for (let turns = 0; turns < 200; turns += 1) await new Promise(resolve => setImmediate(resolve))
    assert.equal(isClosed, false)
  }
  await closed
  a.vfs.release(ino)
  assert.equal((await get(b.vfs, ino)).toString(), 'onetwo')
})

test('a rename waits for what was closed, so nothing takes the place of a file before it is there as a whole', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  await put(a.vfs, (await make(a.vfs, 'x')).ino, 'old')
  let isRenamed = false
  let renamed: Promise<unknown> | undefined
  {
    using _held = holding(cloud)
    await extract(a, 'x.tmp', 'new')
    const [from, to] = [
      { parent: ROOT_INO, name: 'x.tmp' },
      { parent: ROOT_INO, name: 'x' },
    ]
    renamed = Promise.resolve(a.vfs.rename(from, to, 'replace')).finally(() => {
      isRenamed = true
    })
    for (let turns = 0; turns < 200; turns += 1) await new Promise(resolve => setImmediate(resolve))
    assert.equal(isRenamed, false)
  }
  await renamed
  const { ino } = await ok(cloud.home.vfs.lookup(ROOT_INO, 'x'))
  assert.equal((await get(cloud.home.vfs, ino)).toString(), 'new')
})

test('a snapshot has all that machines have closed before', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  for (let index = 0; index < 20; index += 1) await extract(a, `${index}`, `text ${index}`)
  await cloud.home.snapshots.create('s', new AbortController().signal)
  const shots = await ok(cloud.home.vfs.lookup(ROOT_INO, '.snapshots'))
  const { ino: shot } = await ok(cloud.home.vfs.lookup(shots.ino, 's'))
  for (let index = 0; index < 20; index += 1) {
    const { ino, mtimeNs } = await ok(cloud.home.vfs.lookup(shot, `${index}`))
    assert.equal(mtimeNs, MTIME)
    assert.equal((await get(cloud.home.vfs, ino)).toString(), `text ${index}`)
  }
})

test('the home begins anew, the process of the machine begins anew, and both: what was closed is seen', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const ends = [
    () => cloud.restartHome(),
    () => a.killAndReopen(),
    async () => {
      await cloud.restartHome()
      await a.killAndReopen()
    },
  ]
  for (const [index, end] of ends.entries()) {
    a.way.isCut = true
    a.way.break()
    a.way.isCut = false
    {
      using _held = holding(cloud)
      await extract(a, `${index}`, 'text')
      const ended = end()
      cloud.asked = async () => undefined
      await ended
    }
    const { ino, mtimeNs } = await ok(b.vfs.lookup(ROOT_INO, `${index}`))
    assert.equal(mtimeNs, MTIME)
    assert.equal((await get(b.vfs, ino)).toString(), 'text')
  }
})

test('who dies with what it has closed keeps nobody from the file for longer than its lease', async () => {
  await using cloud = await testCloud(undefined, fastWorld())
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  await put(a.vfs, (await make(a.vfs, 'before')).ino, 'there')
  await ok(a.fs.sync())
  const { ino } = await make(a.vfs, 'x')
  a.way.isCut = true
  a.way.break()
  await ok(a.vfs.open(ino, { truncate: false, killPrivileges: false, access: 'write' }))
  assert.equal((await ok(b.vfs.lookup(ROOT_INO, 'before'))).size, 5, 'what it has returned is seen at once')
  assert.equal((await ok(b.vfs.lookup(ROOT_INO, 'x'))).size, 0)
})

test('what was closed when a session was lost is there in the end, unless others have changed the file', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  {
    using _held = holding(cloud)
    await extract(a, 'mine', 'text')
    await extract(a, 'theirs', 'text')
    await cloud.cutPower()
    const { ino } = await ok(b.vfs.lookup(ROOT_INO, 'theirs'))
    cloud.asked = async () => undefined
    await put(b.vfs, ino, 'b was here')
  }
  // Of what others have changed it says so, once.
  const failed: unknown[] = []
  for (let tries = 0; tries < 3; tries += 1) await a.fs.sync().catch((error: unknown) => failed.push(error))
  assert.ok(failed.length === 1 || failed.length === 2, `${failed.length} of 3 failed`)
  const mine = await ok(b.vfs.lookup(ROOT_INO, 'mine'))
  assert.equal((await get(b.vfs, mine.ino)).toString(), 'text')
  const theirs = await ok(b.vfs.lookup(ROOT_INO, 'theirs'))
  assert.equal((await get(b.vfs, theirs.ino)).toString(), 'b was here')
})

test('two machines that look at each other’s files all the time wait for nothing but that', async () => {
  await using cloud = await testCloud()
  const machines = [await cloud.machine('a'), await cloud.machine('b')] as const
  const work = async (me: TestMachine, other: string, own: string): Promise<void> => {
    for (let index = 0; index < 60; index += 1) {
      await extract(me, `${own}${index}`, 'text')
      const found = await me.vfs.lookup(ROOT_INO, `${other}${index}`)
      if (isErrno(found)) assert.equal(found, ERRNO.ENOENT)
      else if (found.size > 0) assert.equal((await get(me.vfs, found.ino)).toString(), 'text')
    }
  }
  await Promise.all([work(machines[0], 'b', 'a'), work(machines[1], 'a', 'b')])
  for (const name of await names(cloud.home.vfs)) {
    const { ino, mtimeNs } = await ok(cloud.home.vfs.lookup(ROOT_INO, name))
    assert.equal(mtimeNs, MTIME)
    assert.equal((await get(cloud.home.vfs, ino)).toString(), 'text')
  }
})
