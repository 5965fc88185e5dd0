import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import {
  fileDescribe,
  fileList,
  fileMake,
  fileRemove,
  snapshotCreate,
  snapshotDiff,
  snapshotList,
  snapshotRestore,
} from '#rpc'
import { type Ino, isErrno, ROOT_INO } from '#storage/fs'
import { openTestDoor } from '../testing/door.ts'

const SIGNAL = new AbortController().signal
const filesystem = 'home'
const at = (path: string) => ({ filesystem, path })

test('a tree is restored in place of what is there, and nothing is left beside it', async () => {
  await using door = await openTestDoor()
  const { client } = door
  const make = (path: string, kind: 'directory' | 'fifo') => client.call(fileMake, { place: at(path), kind }, SIGNAL)
  for (const path of ['/dir', '/dir/sub']) await make(path, 'directory')
  for (const path of ['/dir/a', '/dir/sub/b']) await make(path, 'fifo')
  const made = await client.call(snapshotCreate, { filesystem, name: 'kept' }, SIGNAL)
  assert.deepEqual(await Array.fromAsync(client.download(snapshotList, { filesystem }, SIGNAL), item => item.head), [
    made,
  ])
  await client.call(fileRemove, { place: at('/dir/sub'), recursive: true }, SIGNAL)
  await make('/dir/new', 'fifo')
  const restore = (path: string) => client.call(snapshotRestore, { place: at(path), name: 'kept' }, SIGNAL)
  assert.deepEqual(await restore('/dir'), { restored: 4 })
  const changes = client.download(snapshotDiff, { filesystem, from: 'kept' }, SIGNAL)
  assert.deepEqual(await Array.fromAsync(changes, item => `${item.head.change} ${item.head.path}`), ['metadata /'])
  await client.call(fileRemove, { place: at('/dir'), recursive: true }, SIGNAL)
  assert.deepEqual(await restore('/dir/'), { restored: 4 })
  await assert.rejects(restore('/'), error => isFault(error, 'Invalid'))
  await assert.rejects(restore('/nothing'), error => isFault(error, 'PathNotFound'))
  await assert.rejects(restore('/.snapshots/kept'), error => isFault(error))
})

test('restores of one filesystem go one after another', async () => {
  await using door = await openTestDoor()
  const { client } = door
  for (const path of ['/a', '/a/b', '/a/b/c']) {
    await client.call(fileMake, { place: at(path), kind: 'directory' }, SIGNAL)
  }
  await client.call(snapshotCreate, { filesystem, name: 'kept' }, SIGNAL)
  const restore = (path: string) => client.call(snapshotRestore, { place: at(path), name: 'kept' }, SIGNAL)
  const all = await Promise.all(['/a', '/a/b', '/a', '/a'].map(restore))
  assert.deepEqual(
    all.map(({ restored }) => restored),
    [3, 2, 3, 3],
  )
  const list = (path: string) =>
    Array.fromAsync(client.download(fileList, { place: at(path) }, SIGNAL), item => item.head.name)
  assert.deepEqual([await list('/'), await list('/a'), await list('/a/b')], [['a'], ['b'], ['c']])
})

test('a tree of very many directories below each other is restored and removed', async () => {
  await using door = await openTestDoor()
  const { client } = door
  const { vfs } = door.filesystems.get(filesystem).filesystem
  const owner = { uid: 0, gid: 0, umask: 0 }
  let parent: Ino = ROOT_INO
  for (let depth = 0; depth < 2_500; depth++) {
    const made = await vfs.make(parent, 'd', { kind: 'directory', mode: 0o755 }, owner)
    assert.ok(!isErrno(made))
    parent = made.ino
  }
  await client.call(snapshotCreate, { filesystem, name: 'kept' }, SIGNAL)
  assert.deepEqual(await client.call(snapshotRestore, { place: at('/d'), name: 'kept' }, SIGNAL), { restored: 2_500 })
  const { removed } = await client.call(fileRemove, { place: at('/d'), recursive: true }, SIGNAL)
  assert.equal(removed, 2_500)
  const left = await Array.fromAsync(client.download(fileList, { place: at('/') }, SIGNAL), item => item.head.name)
  assert.deepEqual(left, [])
})

test('what is restored brings back the directories above it, and nothing else of them', async () => {
  await using door = await openTestDoor()
  const { client } = door
  for (const path of ['/a', '/a/b', '/a/b/c', '/a/b/other']) {
    await client.call(fileMake, { place: at(path), kind: 'directory' }, SIGNAL)
  }
  for (const path of ['/a/b/c/wanted', '/a/b/c/unwanted'])
    await client.call(fileMake, { place: at(path), kind: 'fifo' }, SIGNAL)
  await client.call(snapshotCreate, { filesystem, name: 'kept' }, SIGNAL)
  await client.call(fileRemove, { place: at('/a/b'), recursive: true }, SIGNAL)
  const restore = (path: string) => client.call(snapshotRestore, { place: at(path), name: 'kept' }, SIGNAL)
  const list = (path: string) =>
    Array.fromAsync(client.download(fileList, { place: at(path) }, SIGNAL), item => item.head.name)
  await assert.rejects(restore('/a/b/c/nothing'), error => isFault(error, 'PathNotFound'))
  assert.deepEqual(await list('/a'), [])
  assert.deepEqual(await restore('/a/b/c/wanted'), { restored: 3 })
  assert.deepEqual(await list('/a'), ['b'])
  assert.deepEqual(await list('/a/b'), ['c'])
  assert.deepEqual(await list('/a/b/c'), ['wanted'])
})

test('what is removed is gone when no kernel may hold it', async () => {
  await using door = await openTestDoor()
  const { filesystem: opened, keyspace } = door.filesystems.get(filesystem)
  const place = at('/pipe')
  const { ino } = await door.client.call(fileMake, { place, kind: 'fifo' }, SIGNAL)
  assert.equal((await door.client.call(fileDescribe, { place, cid: true }, SIGNAL)).noCid, 'a fifo has no CID')
  await door.client.call(fileRemove, { place, recursive: false }, SIGNAL)
  await opened.sync()
  const { entries } = keyspace.rangeNow({ keys: { kind: 'prefix', prefix: 'i' }, want: 'keys' })
  assert.equal(entries.length, 1, `only the root ${ROOT_INO} is left, not ${ino}`)
})

test('a path longer than a message can tell does not hide the others of a diff', async () => {
  await using door = await openTestDoor()
  const { vfs } = door.filesystems.get('home').filesystem
  await door.client.call(snapshotCreate, { filesystem, name: 'kept' }, SIGNAL)
  let parent: Ino = ROOT_INO
  for (let depth = 0; depth < 130; depth++) {
    const name = depth === 5 ? 'ü'.repeat(120) : 'x'.repeat(254)
    const made = await vfs.make(parent, name, { kind: 'directory', mode: 0o700 }, { uid: 0, gid: 0, umask: 0 })
    assert.ok(!isErrno(made))
    parent = made.ino
  }
  const changes = door.client.download(snapshotDiff, { filesystem, from: 'kept' }, SIGNAL)
  const paths = await Array.fromAsync(changes, item => item.head.path)
  assert.equal(paths.length, 131)
  const longest = paths.at(-1)
  assert.deepEqual([longest?.length, longest?.endsWith('x...')], [30_000, true])
})
