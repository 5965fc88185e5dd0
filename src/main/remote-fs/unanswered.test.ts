import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Fault } from '#base'
import { ERRNO } from '#storage/fs'
import { CALLER, close, fastWorld, get, make, names, ok, put, testCloud } from './testing/cloud.ts'

const APPENDED = { append: true, killPrivileges: false }
const OPEN = { truncate: false, killPrivileges: false }

async function notNow(): Promise<never> {
  throw new Fault('TooFewLogs', { status: 503, retry: 'later' }, 'the log is on too few machines')
}

test('a change that was done and could not be answered is known where it was asked for', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, 'first')
  assert.equal((await get(b.vfs, ino)).toString(), 'first')
  await make(a.vfs, 'of another machine')
  cloud.synced = notNow
  await ok(b.vfs.open(ino, OPEN))
  assert.equal(await b.vfs.write(ino, 0, Buffer.from(', last'), APPENDED), ERRNO.EIO)
  cloud.synced = async () => undefined
  await close(b.vfs, ino)
  assert.equal((await get(a.vfs, ino)).toString(), 'first, last')
  assert.equal((await get(b.vfs, ino)).toString(), 'first, last')
})

test('a change that could not be answered is, once, when it is asked for again', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  await make(a.vfs, 'x')
  let syncs = 0
  cloud.synced = () => (syncs++ === 0 ? notNow() : Promise.resolve())
  await make(b.vfs, 'y')
  assert.ok(syncs > 1)
  for (const { vfs } of [a, b]) assert.deepEqual(await names(vfs), ['x', 'y'])
})

test('a change that is given up before its answer came may have been done: nothing is believed of what it names', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const b = await cloud.machine('b')
  const { ino } = await make(cloud.home.vfs, 'x')
  await put(cloud.home.vfs, ino, 'first')
  assert.equal((await get(b.vfs, ino)).toString(), 'first')
  cloud.answers = kind => (kind === 'setAttributes' ? new Promise(() => undefined) : Promise.resolve())
  assert.equal(await b.vfs.setAttributes(ino, { size: 2 }, CALLER), ERRNO.EIO)
  assert.equal((await get(b.vfs, ino)).toString(), 'fi')
})

test('a change that is done after it was given up is told to who has asked for it, as to all others', async () => {
  await using cloud = await testCloud(64 * 1024, fastWorld())
  const b = await cloud.machine('b')
  const { ino } = await make(cloud.home.vfs, 'x')
  await put(cloud.home.vfs, ino, 'first')
  const held = Promise.withResolvers<void>()
  cloud.asked = kind => (kind === 'setAttributes' ? held.promise : Promise.resolve())
  assert.equal(await b.vfs.setAttributes(ino, { size: 2 }, CALLER), ERRNO.EIO)
  assert.equal((await get(b.vfs, ino)).toString(), 'first')
  b.told.length = 0
  held.resolve()
  while (!b.told.includes(`${ino}`)) await setImmediate()
  assert.equal((await get(b.vfs, ino)).toString(), 'fi')
})
