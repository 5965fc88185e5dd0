import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, isErrno, ROOT_INO } from '#storage/fs'
import { CALLER, get, make, names, ok, put, testCloud, type TestMachine } from './testing/cloud.ts'

const APPEND = { append: true, killPrivileges: false }

/** Breaks a machine's connection again and again, at moments that come from a seed, until disposed. */
function breaking({ way }: TestMachine, seed: number): Disposable {
  let state = seed
  let isOver = false
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  const run = async () => {
    while (!isOver) {
      for (let turns = next(40); turns > 0 && !isOver; turns -= 1) await new Promise(resolve => setImmediate(resolve))
      way.break()
      await new Promise(resolve => setTimeout(resolve, next(20)))
    }
  }
  void run()
  return {
    [Symbol.dispose]: () => {
      isOver = true
    },
  }
}

for (const seed of [1, 2, 3]) {
  test(`no change is done twice and none that was answered is lost while connections break (${seed})`, async () => {
    await using cloud = await testCloud()
    const a = await cloud.machine('a')
    const { ino: log } = await make(a.vfs, 'log')
    const { ino: dir } = await make(a.vfs, 'dir', 'directory')
    const wanted: string[] = []
    {
      using _broken = breaking(a, seed)
      const worker = async (number: number): Promise<void> => {
        for (let index = 0; index < 12; index += 1) {
          const name = `${number}-${index}`
          // Done twice, each of these would answer an error the second time.
          const { ino } = await make(a.vfs, `${name}.tmp`, 'file', dir)
          await put(a.vfs, ino, name)
          await ok(a.vfs.rename({ parent: dir, name: `${name}.tmp` }, { parent: dir, name }, 'noReplace'))
          await ok(a.vfs.write(log, 0, Buffer.from(`${name}\n`), APPEND))
          if (index % 3 === 0) await ok(a.vfs.remove(dir, name, 'file'))
          else wanted.push(name)
        }
      }
      await Promise.all([worker(0), worker(1), worker(2)])
    }
    assert.deepEqual(await names(cloud.home.vfs, dir), wanted.sort())
    for (const name of wanted) {
      const { ino } = await ok(cloud.home.vfs.lookup(dir, name))
      assert.equal((await get(cloud.home.vfs, ino)).toString(), name)
    }
    const lines = (await get(cloud.home.vfs, log)).toString().trim().split('\n')
    assert.deepEqual([lines.length, new Set(lines).size], [36, 36])
    assert.ok(a.way.connections > 3, `${a.way.connections}`)
  })
}

test('what a kernel asks again after the process of its machine was killed is done once', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  const ask = async (sequence: number, isAgain: boolean): Promise<unknown[]> => {
    const { vfs } = a
    vfs.request(sequence, isAgain, CALLER)
    const made = vfs.make(ROOT_INO, `${sequence}`, { kind: 'directory', mode: 0o777 }, CALLER)
    vfs.request(sequence + 1, isAgain, CALLER)
    const removed = vfs.remove(ROOT_INO, `old ${sequence}`, 'file')
    return [await ok(made).then(({ ino }) => ino), await removed]
  }
  for (const sequence of [100, 200]) await make(a.vfs, `old ${sequence}`)
  const first = await ask(100, false)
  await a.killAndReopen()
  assert.deepEqual(await ask(100, true), first)
  // Another mount of this machine may have a request of that number, too.
  a.vfs.request(100, true, CALLER)
  const other = await ok(a.vfs.make(ROOT_INO, 'other', { kind: 'file', mode: 0o600 }, CALLER))
  assert.notEqual(other.ino, first[0])
  const second = await ask(200, false)
  await cloud.restartHome()
  await a.killAndReopen()
  assert.deepEqual(await ask(200, true), second)
  assert.deepEqual(await names(cloud.home.vfs), ['100', '200', 'other'])
})

test('a home whose process ends and begins again goes on where it was', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino: log } = await make(a.vfs, 'log')
  const { ino: gone } = await make(a.vfs, 'gone')
  await put(a.vfs, gone, 'held')
  await ok(b.vfs.open(gone, { truncate: false, killPrivileges: false }))
  await ok(a.vfs.remove(ROOT_INO, 'gone', 'file'))
  a.vfs.forget(gone)
  const appended = Promise.all(
    Array.from({ length: 30 }, (_, index) => ok(a.vfs.write(log, 0, Buffer.from(`${index}\n`), APPEND))),
  )
  for (let turns = 0; turns < 20; turns += 1) await new Promise(resolve => setImmediate(resolve))
  await cloud.restartHome()
  await appended
  const lines = (await get(b.vfs, log)).toString().trim().split('\n')
  assert.deepEqual([lines.length, new Set(lines).size], [30, 30])
  const into = Buffer.alloc(4)
  await ok(b.vfs.read(gone, 0, into))
  assert.equal(into.toString(), 'held')
  assert.ok(!isErrno(await b.vfs.statFs()))
  assert.equal(cloud.home.sessions.size, 2)
})

test('after the home has lost its power, a sync of what was changed before is no success', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  const { ino } = await make(a.vfs, 'changed')
  const { ino: synced } = await make(a.vfs, 'synced')
  await put(a.vfs, ino, 'closed')
  await ok(a.vfs.sync(synced, 'all'))
  await put(a.vfs, ino, 'closed again')
  await cloud.cutPower()
  assert.equal(await a.vfs.sync(ino, 'all'), ERRNO.EIO, 'the home may have been set back')
  await ok(a.vfs.sync(ino, 'all'))
  await ok(a.vfs.sync(synced, 'all'))
  await put(a.vfs, ino, 'anew')
  await cloud.cutPower()
  await assert.rejects(a.fs.sync())
  await a.fs.sync()
})
