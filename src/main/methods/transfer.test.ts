import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { isFault } from '#base'
import {
  fileHash,
  fileList,
  fileMake,
  filePartial,
  filePut,
  fileRead,
  fileStat,
  type Message,
  message,
  NO_BYTES,
  type Place,
  RESUME_BYTES_MIN,
} from '#rpc'
import { type Cookie, type DirectoryEntry, isErrno, ROOT_INO } from '#storage/fs'
import { partialPlace } from '../paths/names.ts'
import { openTestDoor, type TestDoor } from '../testing/door.ts'

const never = new AbortController().signal
const at = (path: string): Place => ({ filesystem: 'home', path })

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

interface PutWanted {
  readonly offset?: number
  readonly pieceBytes?: number
  /** What the sender says the hash is. */
  readonly hash?: string
  /** Pieces sent before the sender breaks off. */
  readonly breakAfter?: number
}

function put(door: TestDoor, path: string, content: Buffer, wanted: PutWanted = {}) {
  const { offset = 0, pieceBytes = 100_000, hash = sha256(content), breakAfter } = wanted
  async function* items(): AsyncGenerator<Message<{ readonly sha256?: string }>> {
    let pieces = 0
    for (let from = offset; from < content.length; from += pieceBytes) {
      if (pieces++ === breakAfter) throw new Error('unplugged')
      yield message({}, content.subarray(from, from + pieceBytes))
    }
    yield message({ sha256: hash }, NO_BYTES)
  }
  const params = { place: at(path), offset, mode: 0o640, mtimeNs: 42n }
  return door.client.upload(filePut, { params, items: items() }, never)
}

async function read(door: TestDoor, path: string, offset = 0) {
  const stream = door.client.download(fileRead, { place: at(path), offset }, never)
  const pieces: Uint8Array[] = []
  for (;;) {
    const next = await stream.next()
    if (next.done === true) return { bytes: Buffer.concat(pieces), ...next.value }
    pieces.push(next.value.body)
  }
}

async function names(door: TestDoor): Promise<string[]> {
  const items = await Array.fromAsync(door.client.download(fileList, { place: at('/') }, never))
  return items.map(item => item.head.name)
}

const CONTENT = Buffer.alloc(1_234_567, 'The quick brown fox. ')

test('a put is read back whole, with its mode and time, and hashes as it was sent', async () => {
  await using door = await openTestDoor()
  assert.deepEqual(await put(door, '/f', CONTENT), { size: CONTENT.length })
  const { bytes, size, sha256: hash } = await read(door, '/f')
  assert.ok(bytes.equals(CONTENT))
  assert.deepEqual([size, hash], [CONTENT.length, sha256(CONTENT)])
  assert.deepEqual(await door.client.call(fileHash, { place: at('/f') }, never), { size, sha256: hash })
  const stat = await door.client.call(fileStat, { place: at('/f'), follow: false }, never)
  assert.deepEqual([stat.mode, stat.mtimeNs, stat.nlink], [0o640, 42n, 1])
})

test('an empty file is a file', async () => {
  await using door = await openTestDoor()
  assert.deepEqual(await put(door, '/empty', Buffer.alloc(0)), { size: 0 })
  assert.deepEqual((await read(door, '/empty')).size, 0)
})

test('zeros in a put become holes, also at the end, and are read back', async () => {
  await using door = await openTestDoor()
  const content = Buffer.alloc(900_000)
  content.write('in the middle', 450_000)
  await put(door, '/sparse', content)
  const stat = await door.client.call(fileStat, { place: at('/sparse'), follow: false }, never)
  assert.deepEqual([stat.size, stat.blocks * 512 <= 200_000], [900_000, true])
  assert.ok((await read(door, '/sparse')).bytes.equals(content))
})

test('a put that breaks off leaves the old file, and the next one goes on where it stopped', async () => {
  await using door = await openTestDoor()
  await put(door, '/f', Buffer.from('old'))
  const content = Buffer.alloc(12_345_678, 'long ')
  await assert.rejects(put(door, '/f', content, { pieceBytes: 1_000_000, breakAfter: 10 }), /unplugged/)
  assert.equal((await read(door, '/f')).bytes.toString(), 'old')
  assert.deepEqual(await names(door), ['f'])
  const { size } = await door.client.call(filePartial, { place: at('/f') }, never)
  assert.ok(size >= RESUME_BYTES_MIN && size <= 10_000_000 && size % 1_000_000 === 0, `${size}`)
  await put(door, '/f', content, { offset: size })
  assert.ok((await read(door, '/f')).bytes.equals(content))
  assert.deepEqual(await door.client.call(filePartial, { place: at('/f') }, never), { size: 0 })
})

test('a small put that breaks off leaves nothing behind', async () => {
  await using door = await openTestDoor()
  await assert.rejects(put(door, '/f', CONTENT, { breakAfter: 5 }), /unplugged/)
  assert.deepEqual(await names(door), [])
  // Listings leave unfinished puts out; this does not.
  const left: string[] = []
  const take = (entry: DirectoryEntry) => left.push(entry.name) > 0
  const { vfs } = door.filesystems.get('home').filesystem
  const settled = async () => {
    left.length = 0
    await vfs.list(ROOT_INO, 0 as Cookie, { attributes: false, take })
    return left.length === 2
  }
  // The sender hears of its own failure before the other side has tidied up.
  while (!(await settled())) await new Promise(setImmediate)
})

test('a second put of one place waits for the first, whose attempt it does not disturb', async () => {
  await using door = await openTestDoor()
  const [first, second] = [Buffer.alloc(1_000_000, 'first '), Buffer.alloc(1_000_000, 'second ')]
  await Promise.all([put(door, '/f', first), put(door, '/f', second), put(door, '/f', first)])
  assert.equal((await read(door, '/f')).size, 1_000_000)
  assert.deepEqual(await names(door), ['f'])
})

test('a put that goes on from less cuts what an earlier one left', async () => {
  await using door = await openTestDoor()
  await assert.rejects(put(door, '/f', Buffer.alloc(9_000_000, 'x'), { pieceBytes: 1_000_000, breakAfter: 8 }))
  await put(door, '/f', CONTENT)
  assert.ok((await read(door, '/f')).bytes.equals(CONTENT))
})

test('bytes that are not what was sent are refused, forgotten, and leave the old file', async () => {
  await using door = await openTestDoor()
  await put(door, '/f', Buffer.from('old'))
  const wrong = put(door, '/f', CONTENT, { hash: sha256(Buffer.from('another')) })
  await assert.rejects(wrong, error => isFault(error, 'Damaged') && error.hint !== undefined)
  assert.equal((await read(door, '/f')).bytes.toString(), 'old')
  assert.deepEqual(await door.client.call(filePartial, { place: at('/f') }, never), { size: 0 })
})

test('going on from what is not there is refused', async () => {
  await using door = await openTestDoor()
  await assert.rejects(put(door, '/f', CONTENT, { offset: 7 }), error => isFault(error, 'Damaged'))
  await assert.rejects(put(door, '/f', CONTENT, { breakAfter: 1 }))
  await assert.rejects(put(door, '/f', CONTENT, { offset: 200_000 }), error => isFault(error, 'Damaged'))
})

test('a put without a hash is refused', async () => {
  await using door = await openTestDoor()
  async function* items() {
    yield message({}, Buffer.from('bytes'))
  }
  const call = door.client.upload(filePut, { params: { place: at('/f'), offset: 0 }, items: items() }, never)
  await assert.rejects(call, error => isFault(error, 'Invalid') && error.message.startsWith('sha256:'))
  assert.deepEqual(await names(door), [])
})

test('a put onto a directory is refused, one onto a symlink takes its place', async () => {
  await using door = await openTestDoor()
  await door.client.call(fileMake, { place: at('/d'), kind: 'directory' }, never)
  await assert.rejects(put(door, '/d', CONTENT), error => isFault(error, 'WrongKind'))
  await put(door, '/target', Buffer.from('kept'))
  await door.client.call(fileMake, { place: at('/l'), kind: 'symlink', target: 'target' }, never)
  await put(door, '/l', Buffer.from('new'))
  assert.equal((await door.client.call(fileStat, { place: at('/l'), follow: false }, never)).kind, 'file')
  assert.equal((await read(door, '/target')).bytes.toString(), 'kept')
})

test('a read from an offset sends the rest and the hash of the whole', async () => {
  await using door = await openTestDoor()
  await put(door, '/f', CONTENT)
  for (const offset of [1, 524_288, CONTENT.length - 1, CONTENT.length, CONTENT.length + 10]) {
    const { bytes, sha256: hash } = await read(door, '/f', offset)
    assert.ok(bytes.equals(CONTENT.subarray(offset)), `offset ${offset}`)
    assert.equal(hash, sha256(CONTENT))
  }
})

test('what is no regular file is not read', async () => {
  await using door = await openTestDoor()
  await door.client.call(fileMake, { place: at('/fifo'), kind: 'fifo' }, never)
  await assert.rejects(read(door, '/fifo'), error => isFault(error, 'WrongKind') && error.hint !== undefined)
  await assert.rejects(read(door, '/none'), error => isFault(error, 'NotFound'))
})

test('a put does not go on with a partial file that somebody else has made or can change', async () => {
  await using door = await openTestDoor()
  const { vfs } = door.filesystems.get('home').filesystem
  const name = partialPlace({ parent: ROOT_INO, name: 'f' }).name
  const uid = process.geteuid?.() ?? 0
  for (const [mode, owner] of [
    [0o666, uid],
    [0o600, uid + 1],
  ] as const) {
    const planted = await vfs.make(ROOT_INO, name, { kind: 'file', mode }, { uid: owner, gid: owner, umask: 0 })
    assert.ok(!isErrno(planted))
    await vfs.write(planted.ino, 0, Buffer.from('planted'), { append: false, killPrivileges: false })
    assert.deepEqual(await door.client.call(filePartial, { place: at('/f') }, never), { size: 0 })
    await put(door, '/f', CONTENT)
    const there = await vfs.lookup(ROOT_INO, 'f')
    assert.ok(!isErrno(there) && there.ino !== planted.ino && there.uid === uid)
    assert.ok((await read(door, '/f')).bytes.equals(CONTENT))
  }
})
