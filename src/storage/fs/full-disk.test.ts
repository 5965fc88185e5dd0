import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk, DiskFile, World } from '#base'
import { machineWorld } from '#host'
import { ERRNO } from './errno.ts'
import { CALLER, makeNode, ok, readAll, testFilesystem, writeAll } from './testing/memory-filesystem.ts'

const CHUNK = 8192
const AS_ASKED = { append: false, killPrivileges: false }

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' })
}

/** The machine's world; while `isFull`, no file that it opened grows. */
function fullWorld(): World & { isFull: boolean } {
  const disk: Disk = Object.create(machineWorld.disk)
  const world = { ...machineWorld, disk, isFull: false }
  disk.open = (path, mode) => {
    const file: DiskFile = machineWorld.disk.open(path, mode)
    const write = file.write.bind(file)
    file.write = (parts, position) => {
      const end = parts.reduce((sum, part) => sum + part.byteLength, position)
      if (world.isFull && end > file.size()) throw noSpace()
      write(parts, position)
    }
    return file
  }
  return world
}

test('a write that the disk has no room to keep answers ENOSPC and leaves nothing behind', async () => {
  const world = fullWorld()
  await using t = await testFilesystem(16 * CHUNK, world)
  const { ino } = await makeNode(t.fs, 'a')
  await writeAll(t.fs, ino, 0, Buffer.from('kept'))
  world.isFull = true
  assert.equal(await t.fs.vfs.write(ino, 2, Buffer.alloc(15 * CHUNK, 1), AS_ASKED), ERRNO.ENOSPC)
  assert.equal((await readAll(t.fs, ino)).toString(), 'kept')
  world.isFull = false
  await writeAll(t.fs, ino, 2, Buffer.from('lled'))
  await ok(t.fs.vfs.sync(ino, 'all'))
  await t.killAndReopen()
  assert.equal((await readAll(t.fs, ino)).toString(), 'kelled')
})

test('on a full disk writes that are at the home are not staged any more', async () => {
  const world = fullWorld()
  await using t = await testFilesystem(CHUNK, world)
  const { ino } = await makeNode(t.fs, 'a')
  await writeAll(t.fs, ino, 0, Buffer.from('written'))
  world.isFull = true
  await ok(t.fs.vfs.sync(ino, 'all'))
  await writeAll(t.fs, (await makeNode(t.fs, 'b')).ino, 0, Buffer.from('waits'))
  await ok(t.fs.vfs.setAttributes(ino, { size: 1 }, CALLER))
  await t.killAndReopen()
  assert.equal((await readAll(t.fs, ino)).toString(), 'w')
})

test('answered writes survive kill after kill on a disk that is full', async () => {
  await using t = await testFilesystem(16 * CHUNK)
  const [{ ino: a }, { ino: b }] = [await makeNode(t.fs, 'a'), await makeNode(t.fs, 'b')]
  const answered = Buffer.alloc(10 * CHUNK, 'answered')
  await writeAll(t.fs, a, 0, answered)
  t.chunks.put = async () => {
    throw noSpace()
  }
  for (const next of ['one', 'two', 'three']) {
    await t.killAndReopen()
    await writeAll(t.fs, b, 0, Buffer.from(next))
  }
  await t.killAndReopen()
  await assert.rejects(t.fs.sync(), { code: 'NoSpace' })
  assert.ok((await readAll(t.fs, a)).equals(answered))
  assert.equal((await readAll(t.fs, b)).toString(), 'three')
  Reflect.deleteProperty(t.chunks, 'put')
})

test('a whole block that the home cannot take is refused, however small blocks are', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino } = await makeNode(t.fs, 'a')
  const commit = t.keyspace.commit.bind(t.keyspace)
  t.keyspace.commit = () => {
    throw noSpace()
  }
  assert.equal(await t.fs.vfs.write(ino, 0, Buffer.alloc(CHUNK, 1), AS_ASKED), ERRNO.ENOSPC)
  t.keyspace.commit = commit
})

test('access times that a full disk cannot take wait, and what follows them answers for itself', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino, atimeNs } = await makeNode(t.fs, 'a')
  await writeAll(t.fs, ino, 0, Buffer.from('bytes'))
  await ok(t.fs.vfs.sync(ino, 'all'))
  await readAll(t.fs, ino)
  const commit = t.keyspace.commit.bind(t.keyspace)
  t.keyspace.commit = () => {
    throw noSpace()
  }
  assert.equal(await t.fs.vfs.setAttributes(ino, { mode: 0o600 }, CALLER), ERRNO.ENOSPC)
  t.keyspace.commit = commit
  await ok(t.fs.vfs.setAttributes(ino, { mode: 0o600 }, CALLER))
  await t.killAndReopen()
  assert.ok((await ok(t.fs.vfs.attributes(ino))).atimeNs > atimeNs)
})
