import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Digest } from '#base'
import { machineWorld } from '#host'
import { type Filesystem, type Ino, isErrno, ROOT_INO } from '#storage/fs'
import { openTestDoor, type TestDoor } from '../testing/door.ts'
import { Collector } from './collector.ts'
import { NO_OTHER_ROOTS, type OtherRoots } from './roots.ts'

const never = new AbortController().signal
const caller = { uid: 0, gid: 0, umask: 0o022 }
const MIB = 1024 * 1024

/** Bytes that differ for each seed and do not compress away. */
function content(seed: string, bytes: number): Buffer {
  const block = createHash('sha512').update(seed).digest()
  return Buffer.alloc(bytes, block)
}

async function made(fs: Filesystem, name: string): Promise<Ino> {
  const node = await fs.vfs.make(ROOT_INO, name, { kind: 'file', mode: 0o600 }, caller)
  assert.ok(!isErrno(node), name)
  return node.ino
}

async function write(fs: Filesystem, name: string, bytes: Buffer): Promise<Ino> {
  const ino = await made(fs, name)
  const answer = await fs.vfs.write(ino, 0, bytes, { append: false, killPrivileges: false })
  assert.ok(!isErrno(answer))
  return ino
}

async function remove(fs: Filesystem, name: string, ino: Ino): Promise<void> {
  assert.ok(!isErrno(await fs.vfs.remove(ROOT_INO, name, 'file')))
  fs.vfs.forget(ino)
}

async function read(fs: Filesystem, ino: Ino, bytes: number): Promise<Buffer> {
  const into = Buffer.alloc(bytes)
  const answer = await fs.vfs.read(ino, 0, into)
  assert.ok(!isErrno(answer) && answer.bytes === bytes)
  return into
}

function home({ filesystems }: TestDoor): Filesystem {
  return filesystems.get('home').filesystem
}

test('what was removed is collected, what files and snapshots hold stays', async () => {
  await using door = await openTestDoor()
  const fs = home(door)
  const kept = await write(fs, 'kept', content('kept', 3 * MIB + 5))
  const gone = await write(fs, 'gone', content('gone', 2 * MIB))
  const past = await write(fs, 'past', content('past', 2 * MIB))
  await fs.seal(kept)
  await fs.snapshots.create('before', never)
  await remove(fs, 'past', past)
  const late = await write(fs, 'late', content('late', 2 * MIB))
  await fs.sync()
  await remove(fs, 'late', late)
  await remove(fs, 'gone', gone)
  await fs.sync()
  const chunksBefore = door.chunks.stat().states.held.chunks
  const collected = await door.collector.collect(never)
  assert.ok(collected.deletedChunks >= 1, 'the chunk that repeats in late is gone')
  assert.equal(door.chunks.stat().states.held.chunks, chunksBefore - collected.deletedChunks)
  assert.deepEqual(await read(fs, kept, 3 * MIB + 5), content('kept', 3 * MIB + 5))
  await fs.snapshots.restore({ snapshot: 'before', path: 'past', to: { parent: ROOT_INO, name: 'past' } }, never)
  const back = await fs.vfs.lookup(ROOT_INO, 'past')
  assert.ok(!isErrno(back))
  assert.deepEqual(await read(fs, back.ino, 2 * MIB), content('past', 2 * MIB))
  assert.equal((await door.collector.collect(never)).deletedChunks, 0)
})

test('nothing that is written, copied or sealed while collections run is lost', async () => {
  await using door = await openTestDoor()
  const fs = home(door)
  const files = new Map<Ino, string>()
  let running = true
  const collecting = (async () => {
    let deleted = 0
    while (running) deleted += (await door.collector.collect(never)).deletedChunks
    return deleted
  })()
  const bytes = 150_000
  for (let i = 0; i < 60; i++) {
    // Contents come again after they were removed: their chunks are candidates, then wanted.
    const seed = i % 3 === 0 ? `again ${i % 7}` : `once ${i}`
    const ino = await write(fs, `file ${i}`, content(seed, bytes))
    files.set(ino, seed)
    // Some of what is removed is sealed before and wanted by no other file: there is always something to collect.
    if (i % 3 === 0 || i % 7 === 1) await fs.seal(ino)
    if (i % 4 === 0) {
      const copy = await made(fs, `copy ${i}`)
      const places = [ino, copy].map(each => ({ ino: each, offset: 0 }))
      assert.ok(!isErrno(await fs.vfs.copyRange(places[0]!, places[1]!, bytes)))
      files.set(copy, seed)
    }
    if (i % 2 === 1) {
      await remove(fs, `file ${i}`, ino)
      files.delete(ino)
    }
    if (i % 5 === 0) await fs.sync()
    await machineWorld.clock.sleep(5, never)
  }
  await fs.sync()
  running = false
  const deletedMeanwhile = await collecting
  const last = await door.collector.collect(never)
  assert.ok(deletedMeanwhile + last.deletedChunks >= 3)
  for (const [ino, seed] of files) assert.deepEqual(await read(fs, ino, bytes), content(seed, bytes))
})

test('a filesystem that cannot tell what it needs stops collection', async () => {
  await using door = await openTestDoor()
  const fs = home(door)
  await remove(fs, 'gone', await write(fs, 'gone', content('gone', MIB)))
  await fs.sync()
  async function* references(): AsyncGenerator<readonly Digest[]> {
    yield []
    throw new Error('a node cannot be read')
  }
  const [open] = door.filesystems.all
  const filesystem: Filesystem = Object.create(fs, { references: { value: references } })
  const { chunks } = door
  await using collector = new Collector({
    world: machineWorld,
    chunks,
    filesystems: { held: [{ ...open!, filesystem }] },
    others: NO_OTHER_ROOTS,
  })
  await assert.rejects(collector.collect(never), /a node cannot be read/)
  await assert.rejects(collector.collect(never), /a node cannot be read/)
  assert.equal(chunks.stat().states.held.chunks, 1)
  assert.equal((await door.collector.collect(never)).deletedChunks, 1)
})

test('where another machine does not say what it names, nothing is collected; and what it names stays', async () => {
  await using door = await openTestDoor()
  const fs = home(door)
  await remove(fs, 'gone', await write(fs, 'gone', content('gone', MIB)))
  await fs.sync()
  const { chunks, filesystems } = door
  const [named] = await chunks.list(0, 1)
  const others = async () => {
    if (isSilent) throw new Error('a machine is off')
    return [{ mayHave: (digest: Digest) => digest === named!.digest }]
  }
  const roots: OtherRoots = { isAlone: true, version: async () => '', named: others }
  let isSilent = true
  await using collector = new Collector({ world: machineWorld, chunks, filesystems, others: roots })
  await assert.rejects(collector.collect(never), /a machine is off/)
  isSilent = false
  assert.equal((await collector.collect(never)).deletedChunks, 0)
  assert.equal(chunks.stat().states.held.chunks, 1)
})
