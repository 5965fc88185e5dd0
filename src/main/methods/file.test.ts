import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import {
  fileLink,
  fileList,
  fileMake,
  fileRemove,
  fileSet,
  fileStat,
  filesystemCreate,
  filesystemMount,
  filesystemSync,
  filesystemUnmount,
  nodeHealth,
  nodeStatus,
  type Place,
} from '#rpc'
import { openTestDoor, type TestDoor } from '../testing/door.ts'

const never = new AbortController().signal
const at = (path: string): Place => ({ filesystem: 'home', path })

async function make(door: TestDoor, path: string, kind: 'directory' | 'fifo' = 'directory') {
  return door.client.call(fileMake, { place: at(path), kind }, never)
}

async function namesAt(door: TestDoor, path: string): Promise<string[]> {
  const items = await Array.fromAsync(door.client.download(fileList, { place: at(path) }, never))
  return items.map(item => item.head.name).sort()
}

function refusal(code: string, message: RegExp): (error: unknown) => boolean {
  return error => {
    assert.ok(isFault(error, code), String(error))
    assert.match(error.message, message)
    assert.ok(error.hint !== undefined, error.message)
    return true
  }
}

test('a directory gets mode, owner and time, and making it again leaves it as it is', async () => {
  await using door = await openTestDoor()
  const looks = { mode: 0o2750, uid: 1234, gid: 5678, mtimeNs: -1_500_000_000_123_456_789n }
  const made = await door.client.call(fileMake, { place: at('/d'), kind: 'directory', ...looks }, never)
  const { mode, uid, gid, mtimeNs } = made
  assert.deepEqual({ mode, uid, gid, mtimeNs }, looks)
  const again = await door.client.call(fileMake, { place: at('/d'), kind: 'directory', mode: 0o700 }, never)
  assert.deepEqual([again.ino, again.mode], [made.ino, 0o2750])
})

test('what is in the way of a directory or symlink is refused', async () => {
  await using door = await openTestDoor()
  await make(door, '/fifo', 'fifo')
  await assert.rejects(make(door, '/fifo'), refusal('WrongKind', /^\/fifo is no directory$/))
  const link = { place: at('/fifo'), kind: 'symlink', target: 'x' } as const
  await assert.rejects(door.client.call(fileMake, link, never), refusal('Occupied', /\/fifo is there already/))
  await assert.rejects(make(door, '/none/d'), refusal('NotFound', /the directory none on the way/))
})

test('a symlink takes the place of another one and keeps odd bytes in its target', async () => {
  await using door = await openTestDoor()
  const link = (target: string) =>
    door.client.call(fileMake, { place: at('/l'), kind: 'symlink', target, mtimeNs: 5n }, never)
  await link('old')
  const made = await link('n\xffw\n')
  assert.deepEqual([made.target, made.mtimeNs], ['n\xffw\n', 5n])
  assert.equal((await link('n\xffw\n')).ino, made.ino)
})

test('a fifo that is there stays and gets what is wanted of it', async () => {
  await using door = await openTestDoor()
  const made = await make(door, '/f', 'fifo')
  const again = await door.client.call(fileMake, { place: at('/f'), kind: 'fifo', mode: 0o600 }, never)
  assert.deepEqual([again.ino, again.mode], [made.ino, 0o600])
})

test('owner and mode are set together without losing setuid, and not through a symlink', async () => {
  await using door = await openTestDoor()
  await make(door, '/f', 'fifo')
  await door.client.call(fileMake, { place: at('/l'), kind: 'symlink', target: 'f' }, never)
  const set = await door.client.call(fileSet, { place: at('/f'), mode: 0o6755, uid: 7, gid: 8 }, never)
  assert.deepEqual([set.mode, set.uid, set.gid], [0o6755, 7, 8])
  await door.client.call(fileSet, { place: at('/l'), uid: 9, mode: 0o600 }, never)
  const behind = await door.client.call(fileStat, { place: at('/l'), follow: true }, never)
  assert.deepEqual([behind.uid, behind.mode], [7, 0o6755])
})

test('a second name is a second name, and making it again is fine', async () => {
  await using door = await openTestDoor()
  const { ino } = await make(door, '/f', 'fifo')
  for (let i = 0; i < 2; i++) await door.client.call(fileLink, { from: at('/f'), to: at('/g') }, never)
  const linked = await door.client.call(fileStat, { place: at('/g'), follow: false }, never)
  assert.deepEqual([linked.ino, linked.nlink], [ino, 2])
  const elsewhere = { filesystem: 'photos', path: '/g' }
  await assert.rejects(
    door.client.call(fileLink, { from: at('/f'), to: elsewhere }, never),
    refusal('Invalid', /stays in its filesystem/),
  )
})

test('a directory of many names is listed whole, each once, without unfinished puts', async () => {
  await using door = await openTestDoor()
  const wanted = Array.from({ length: 700 }, (_, i) => `n${i}`)
  await make(door, '/d')
  await Promise.all(wanted.slice(0, 100).map(name => make(door, `/d/${name}`, 'fifo')))
  for (const name of wanted.slice(100)) await make(door, `/d/${name}`, 'fifo')
  await make(door, '/d/.cairn-put-0123456789abcdef', 'fifo')
  assert.deepEqual(await namesAt(door, '/d'), wanted.sort())
  assert.equal((await door.client.call(fileRemove, { place: at('/d'), recursive: true }, never)).removed, 702)
  assert.deepEqual(await namesAt(door, '/'), [])
})

test('a tree is removed only when asked for, a symlink to it never takes it along', async () => {
  await using door = await openTestDoor()
  for (const path of ['/d', '/d/e']) await make(door, path)
  await door.client.call(fileMake, { place: at('/l'), kind: 'symlink', target: 'd' }, never)
  const remove = (path: string, recursive: boolean) =>
    door.client.call(fileRemove, { place: at(path), recursive }, never)
  await assert.rejects(remove('/d', false), refusal('WrongKind', /\/d is a directory/))
  assert.equal((await remove('/l', true)).removed, 1)
  assert.deepEqual(await namesAt(door, '/d'), ['e'])
  assert.equal((await remove('/d', true)).removed, 2)
  await assert.rejects(remove('/d', true), refusal('NotFound', /\/d is not there/))
  await assert.rejects(remove('/', true), refusal('Invalid', /root/))
})

test('what is removed is named by its own name, never by . or ..', async () => {
  await using door = await openTestDoor()
  for (const path of ['/x', '/x/y']) await make(door, path)
  for (const path of ['/x/.', '/x/y/..', '/x/y/../', '/..', '/./']) {
    const removal = door.client.call(fileRemove, { place: at(path), recursive: true }, never)
    await assert.rejects(removal, refusal('Invalid', /ends in \. or \.\.$/), path)
  }
  assert.deepEqual(await namesAt(door, '/x'), ['y'])
})

test('what is in a snapshot is not removed, with a remedy', async () => {
  await using door = await openTestDoor()
  const removal = door.client.call(fileRemove, { place: at('/.snapshots'), recursive: true }, never)
  await assert.rejects(removal, refusal('Invalid', /in a snapshot/))
})

test('a removal that is aborted stops between two names', async () => {
  await using door = await openTestDoor()
  await make(door, '/d')
  for (let i = 0; i < 50; i++) await make(door, `/d/${i}`, 'fifo')
  const call = door.client.call(fileRemove, { place: at('/d'), recursive: true }, AbortSignal.abort(new Error('stop')))
  await assert.rejects(call, /stop/)
  assert.equal((await namesAt(door, '/d')).length, 50)
})

test('filesystems are made by name, and a bad name changes nothing', async () => {
  await using door = await openTestDoor()
  const create = (filesystem: string) => door.client.call(filesystemCreate, { filesystem }, never)
  await create('photos-2024')
  await assert.rejects(create('photos-2024'), error => isFault(error, 'Occupied'))
  for (const name of ['', 'A', '-a', 'a-', 'a/b', '..', 'ü', 'x'.repeat(64)]) {
    await assert.rejects(create(name), error => isFault(error))
  }
  const { filesystems } = await door.client.call(nodeStatus, undefined, never)
  assert.deepEqual(
    filesystems.map(row => row.name),
    ['home', 'photos-2024'],
  )
})

test('what is wanted of the supervisor goes to it by an absolute path without a slash at the end', async () => {
  await using door = await openTestDoor()
  const mount = (path: string) => door.client.call(filesystemMount, { filesystem: 'home', path }, never)
  assert.deepEqual(await mount('/mnt//a/../b/'), { path: '/mnt/b' })
  await assert.rejects(mount('mnt'), refusal('Invalid', /no absolute path/))
  await assert.rejects(
    door.client.call(filesystemMount, { filesystem: 'none', path: '/mnt/b' }, never),
    refusal('NotFound', /no filesystem none/),
  )
  await door.client.call(filesystemUnmount, { path: '/mnt/b' }, never)
  assert.deepEqual(door.asked, [
    { kind: 'mount', filesystem: 'home', path: '/mnt/b', isMoved: false },
    { kind: 'unmount', path: '/mnt/b' },
  ])
})

test('status counts what is held and used, health finds nothing wrong', async () => {
  await using door = await openTestDoor()
  await door.client.call(filesystemSync, { filesystem: 'home' }, never)
  const status = await door.client.call(nodeStatus, undefined, never)
  assert.ok(status.disk.totalBytes >= status.disk.freeBytes && status.filesystems[0]!.metadataBytes > 0)
  const { checks } = await door.client.call(nodeHealth, undefined, never)
  assert.deepEqual(
    checks.map(check => check.name),
    ['storage process', 'chunks', 'chunk space', 'log of home'],
  )
})
