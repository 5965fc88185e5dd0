import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault, textOf } from '#base'
import type { Filesystem } from '../filesystem.ts'
import { ROOT_INO } from '../inode.ts'
import { CALLER, makeNode, ok, testFilesystem, writeAll } from '../testing/memory-filesystem.ts'
import type { Ino } from '../vfs.ts'
import { snapshotCid } from './snapshots.ts'

const SIGNAL = new AbortController().signal

async function changes(fs: Filesystem, from: string, to?: string): Promise<string[]> {
  const found = await Array.fromAsync(fs.snapshots.diff({ from, to }, SIGNAL))
  return found.map(({ path, change }) => `${change} /${textOf(path)}`).sort()
}

async function makeFile(fs: Filesystem, parent: Ino, name: string, content: string): Promise<Ino> {
  const { ino } = await makeNode(fs, name, { parent })
  await writeAll(fs, ino, 0, Buffer.from(content))
  return ino
}

test('a snapshot is named by the hash of what it shows, whatever happened between', async () => {
  await using test = await testFilesystem()
  const { fs } = test
  const docs = await makeNode(fs, 'docs', { kind: 'directory' })
  await makeFile(fs, docs.ino, 'a', 'one')
  const first = await fs.snapshots.create('first', SIGNAL)
  const same = await fs.snapshots.create('same', SIGNAL)
  assert.equal(snapshotCid(first), snapshotCid(same))
  assert.match(snapshotCid(first), /^bafyrei/)
  const made = await makeFile(fs, docs.ino, 'b', 'two')
  const second = await fs.snapshots.create('second', SIGNAL)
  assert.notEqual(first.root.digest, second.root.digest)
  await writeAll(fs, made, 0, Buffer.from('TWO'))
  assert.deepEqual(await changes(fs, 'second'), ['content /docs/b'])
  assert.deepEqual(
    fs.snapshots.list().map(snapshot => snapshot.name),
    ['first', 'same', 'second'],
  )
})

test('differences name what was added, removed and changed', async () => {
  await using test = await testFilesystem()
  const { fs } = test
  const directory = await makeNode(fs, 'dir', { kind: 'directory' })
  const below = await makeNode(fs, 'below', { kind: 'directory', parent: directory.ino })
  await makeFile(fs, below.ino, 'kept', 'kept')
  await makeFile(fs, below.ino, 'gone', 'gone')
  const edited = await makeFile(fs, below.ino, 'edited', 'before')
  await makeFile(fs, ROOT_INO, 'moved', 'moved')
  await fs.snapshots.create('before', SIGNAL)
  await ok(fs.vfs.remove(below.ino, 'gone', 'file'))
  await writeAll(fs, edited, 0, Buffer.from('after!'))
  await ok(fs.vfs.rename({ parent: ROOT_INO, name: 'moved' }, { parent: below.ino, name: 'moved' }, 'replace'))
  const extra = await makeNode(fs, 'extra', { kind: 'directory', parent: below.ino })
  await makeFile(fs, extra.ino, 'file', 'x')
  await ok(fs.vfs.setAttributes(directory.ino, { mode: 0o700 }, CALLER))
  const expected = [
    'added /dir/below/extra',
    'added /dir/below/extra/file',
    'added /dir/below/moved',
    'content /dir/below/edited',
    'metadata /',
    'metadata /dir',
    'metadata /dir/below',
    'removed /dir/below/gone',
    'removed /moved',
  ]
  assert.deepEqual(await changes(fs, 'before'), expected)
  await fs.snapshots.create('after', SIGNAL)
  assert.deepEqual(await changes(fs, 'before', 'after'), expected)
  assert.deepEqual(await changes(fs, 'after', 'after'), [])
})

test('a second snapshot of 10,000 files after 3 changes stores only a handful of chunks', async () => {
  await using test = await testFilesystem()
  const { fs, chunks } = test
  const big = await makeNode(fs, 'big', { kind: 'directory' })
  const inos: Ino[] = []
  for (let i = 0; i < 10_000; i++) inos.push((await makeNode(fs, `file-${i}`, { parent: big.ino })).ino)
  await fs.snapshots.create('first', SIGNAL)
  const puts: number[] = []
  const put = chunks.put.bind(chunks)
  chunks.put = bytes => {
    puts.push(bytes.length)
    return put(bytes)
  }
  for (const i of [17, 4711, 9999]) await writeAll(fs, inos[i]!, 0, Buffer.from(`changed ${i}`))
  await fs.snapshots.create('second', SIGNAL)
  assert.ok(puts.length <= 12, `${puts.length} chunks were put`)
  assert.ok(puts.reduce((sum, bytes) => sum + bytes, 0) < 200_000)
  assert.deepEqual(await changes(fs, 'first', 'second'), [
    'content /big/file-17',
    'content /big/file-4711',
    'content /big/file-9999',
  ])
})

test('a large directory has the same manifest whether it was made at once or grew and shrank', async () => {
  await using grown = await testFilesystem()
  const { fs } = grown
  const big = await makeNode(fs, 'big', { kind: 'directory' })
  for (let i = 0; i < 3000; i++) await makeNode(fs, `file-${i}`, { parent: big.ino })
  for (let round = 0; round < 10; round++) {
    await fs.snapshots.create(`round-${round}`, SIGNAL)
    for (let i = round; i < 3000; i += 100) await ok(fs.vfs.remove(big.ino, `file-${i}`, 'file'))
    for (let i = 0; i < 20; i++) await makeNode(fs, `new-${round}-${i}`, { parent: big.ino })
  }
  const stepwise = await fs.snapshots.create('stepwise', SIGNAL)
  const { keyspace } = grown
  for (const prefix of ['m', 'y']) keyspace.commit({ then: [{ kind: 'delete', keys: { kind: 'prefix', prefix } }] })
  await grown.killAndReopen()
  const whole = await grown.fs.snapshots.create('whole', SIGNAL)
  assert.equal(snapshotCid(stepwise), snapshotCid(whole))
})

test('snapshots survive the end of the process and are gone when removed', async () => {
  await using test = await testFilesystem()
  await makeFile(test.fs, ROOT_INO, 'a', 'one')
  const made = await test.fs.snapshots.create('kept', SIGNAL)
  await test.killAndReopen()
  assert.deepEqual(test.fs.snapshots.list(), [made])
  await makeFile(test.fs, ROOT_INO, 'b', 'two')
  assert.deepEqual(await changes(test.fs, 'kept'), ['added /b', 'metadata /'])
  await test.fs.snapshots.remove('kept', SIGNAL)
  assert.deepEqual(test.fs.snapshots.list(), [])
  await assert.rejects(test.fs.snapshots.remove('kept', SIGNAL), error => isFault(error, 'SnapshotNotFound'))
})

test('a snapshot holds what was answered before it, also unsealed and staged writes', async () => {
  await using test = await testFilesystem(4096)
  const { fs } = test
  const ino = await makeFile(fs, ROOT_INO, 'a', 'x'.repeat(10_000))
  await fs.snapshots.create('one', SIGNAL)
  await fs.seal(ino)
  assert.deepEqual(await changes(fs, 'one'), [])
  await writeAll(fs, ino, 5000, Buffer.from('y'))
  const writes = Array.from({ length: 50 }, (_, i) => writeAll(fs, ino, i * 100, Buffer.from('z')))
  const two = fs.snapshots.create('two', SIGNAL)
  await Promise.all(writes)
  await two
  assert.deepEqual(await changes(fs, 'one', 'two'), ['content /a'])
  assert.deepEqual(await changes(fs, 'two'), [])
})

test('names that cannot name a snapshot are refused', async () => {
  await using test = await testFilesystem()
  for (const name of ['', '.', '..', 'a/b', 'x'.repeat(256)]) {
    await assert.rejects(test.fs.snapshots.create(name, SIGNAL), error => isFault(error, 'NameInvalid'))
  }
  await test.fs.snapshots.create('a', SIGNAL)
  await assert.rejects(test.fs.snapshots.create('a', SIGNAL), error => isFault(error, 'SnapshotExists'))
})
