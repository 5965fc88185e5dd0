import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Caller, ERRNO, ROOT_INO } from '#storage/fs'
import { CALLER, get, make, ok, put, testCloud } from './testing/cloud.ts'

const HOW = { append: false, killPrivileges: false }
const OTHER: Caller = { uid: 2000, gid: 2000, umask: 0 }

test('what was written to a small file goes home in one message with how it is to look', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('a')
  const asked: string[] = []
  cloud.answers = kind => Promise.resolve(void asked.push(kind))
  const { ino } = await make(vfs, 'x')
  await ok(vfs.write(ino, 0, Buffer.from('photo'), HOW))
  const told = await ok(vfs.setAttributes(ino, { mode: 0o600, mtime: 5_000_000_000n }, CALLER))
  assert.deepEqual([told.mode, told.mtimeNs, told.size], [0o600, 5_000_000_000n, 5])
  assert.equal(await vfs.flush(ino), undefined)
  assert.deepEqual(
    asked.filter(kind => kind !== 'limitsOf'),
    ['make', 'write'],
  )
  const there = await ok(cloud.home.vfs.attributes(ino))
  assert.deepEqual([there.mode, there.mtimeNs, there.size], [0o600, 5_000_000_000n, 5])
  assert.equal((await get(cloud.home.vfs, ino)).toString(), 'photo')
  // Nothing is left to go with it.
  await ok(vfs.setAttributes(ino, { mode: 0o640 }, CALLER))
  assert.equal(asked.at(-1), 'setAttributes')
})

test('how a file of many parts is to look is told when all of them are there', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('a')
  for (const [name, parts] of [
    ['few', 16],
    ['many', 17],
    ['large', 0],
  ] as const) {
    const { ino } = await make(vfs, name)
    for (let part = 0; part < parts; part++) await ok(vfs.write(ino, part * 10, Buffer.from('part'), HOW))
    if (parts === 0) await ok(vfs.write(ino, 0, Buffer.alloc(100_000, 'a'), HOW))
    const { size } = await ok(vfs.attributes(ino))
    await ok(vfs.setAttributes(ino, { mtime: 7_000_000_000n }, CALLER))
    const there = await ok(cloud.home.vfs.attributes(ino))
    assert.deepEqual([there.size, there.mtimeNs], [size, 7_000_000_000n], name)
    const bytes = await get(cloud.home.vfs, ino)
    assert.equal(bytes.toString().replaceAll('\0', '').length, parts === 0 ? 100_000 : parts * 4)
  }
})

test('who may write to a file and not change how it looks is told so, and what he wrote is there', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('a')
  const { ino } = await ok(vfs.make(ROOT_INO, 'x', { kind: 'file', mode: 0o666 }, { ...CALLER, umask: 0 }))
  await put(vfs, ino, 'old')
  for (const [text, change] of [
    ['one', { mode: 0o777 }],
    ['two', { mtime: 5n }],
    ['six', { uid: 2000 }],
  ] as const) {
    vfs.request(1, false, OTHER)
    assert.equal(await vfs.open(ino, { truncate: false, killPrivileges: false, access: 'write' }), undefined)
    await ok(vfs.write(ino, 0, Buffer.from(text), HOW))
    assert.equal(await vfs.setAttributes(ino, change, OTHER), ERRNO.EPERM)
    assert.equal(await vfs.flush(ino), undefined)
    assert.equal((await get(cloud.home.vfs, ino)).toString(), text)
    const there = await ok(cloud.home.vfs.attributes(ino))
    assert.deepEqual([there.mode, there.uid], [0o666, CALLER.uid])
  }
})

test('a size does not go with what was written, whoever asks so', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('a')
  const { ino } = await make(vfs, 'x')
  await ok(vfs.write(ino, 0, Buffer.from('photo'), HOW))
  assert.equal((await ok(vfs.setAttributes(ino, { size: 2 }, CALLER))).size, 2)
  assert.equal((await get(cloud.home.vfs, ino)).toString(), 'ph')
})
