import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ERRNO, isErrno } from './errno.ts'
import { ROOT_INO } from './inode.ts'
import {
  CALLER,
  makeNode,
  ok,
  readAll,
  testFilesystem,
  type TestFilesystem,
  writeAll,
} from './testing/memory-filesystem.ts'
import type { AllocateMode, Ino } from './vfs.ts'

const CHUNK = 8192

test('what was written is read, synced or not, across blocks', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino } = await makeNode(t.fs, 'a')
  const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i % 251))
  await writeAll(t.fs, ino, 0, bytes.subarray(0, 20_000))
  await writeAll(t.fs, ino, 20_000, bytes.subarray(20_000))
  assert.ok((await readAll(t.fs, ino)).equals(bytes))
  await ok(t.fs.vfs.sync(ino, 'all'))
  assert.ok((await readAll(t.fs, ino)).equals(bytes))
})

test('answered writes survive the end of the process', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino } = await makeNode(t.fs, 'a')
  await writeAll(t.fs, ino, 5, Buffer.from('hello'))
  await writeAll(t.fs, ino, 3 * CHUNK, Buffer.alloc(CHUNK, 7))
  await t.killAndReopen()
  const expected = Buffer.alloc(4 * CHUNK)
  expected.write('hello', 5)
  expected.fill(7, 3 * CHUNK)
  assert.ok((await readAll(t.fs, ino)).equals(expected))
})

test('a whole block that lands at once moves the modification time', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino, mtimeNs } = await makeNode(t.fs, 'a')
  await writeAll(t.fs, ino, 0, Buffer.alloc(CHUNK, 7))
  assert.ok((await ok(t.fs.vfs.attributes(ino))).mtimeNs > mtimeNs)
})

test('growing a cut file shows zeros, also after sealing', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino } = await makeNode(t.fs, 'a')
  await writeAll(t.fs, ino, 0, Buffer.alloc(3 * CHUNK, 1))
  await ok(t.fs.vfs.sync(ino, 'all'))
  await ok(seal(t, ino))
  await ok(t.fs.vfs.setAttributes(ino, { size: 100 }, CALLER))
  await ok(t.fs.vfs.setAttributes(ino, { size: 2 * CHUNK }, CALLER))
  const expected = Buffer.concat([Buffer.alloc(100, 1), Buffer.alloc(2 * CHUNK - 100)])
  assert.ok((await readAll(t.fs, ino)).equals(expected))
  await ok(seal(t, ino))
  assert.ok((await readAll(t.fs, ino)).equals(expected))
})

test('a write without space is refused and changes nothing', async () => {
  await using t = await testFilesystem(CHUNK)
  const { ino } = await makeNode(t.fs, 'a')
  t.chunks.freeBytes = 100
  const answer = await t.fs.vfs.write(ino, 0, Buffer.alloc(CHUNK), { append: false, killPrivileges: false })
  assert.equal(answer, ERRNO.ENOSPC)
  assert.equal((await ok(t.fs.vfs.attributes(ino))).size, 0)
})

type Step =
  | { kind: 'write'; offset: number; bytes: number; fill: number }
  | { kind: 'truncate'; size: number }
  | { kind: 'clear'; mode: AllocateMode; offset: number; bytes: number }
  | { kind: 'copy'; from: number; to: number; bytes: number }
  | { kind: 'sync' | 'seal' | 'kill' | 'idle' }

const place = fc.oneof(
  fc.nat(6 * CHUNK),
  fc.nat(6).map(n => n * CHUNK),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      offset: place,
      bytes: fc.oneof(fc.nat(300), fc.nat(2 * CHUNK), fc.constant(CHUNK)),
      fill: fc.nat(255),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('truncate' as const), size: place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('clear' as const),
      mode: fc.constantFrom<AllocateMode>('punch', 'zero', 'zeroKeepSize', 'extend', 'keepSize'),
      offset: place,
      bytes: fc.integer({ min: 1, max: 2 * CHUNK }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('copy' as const), from: place, to: place, bytes: fc.nat(3 * CHUNK) }),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Step>({ kind: 'sync' }, { kind: 'seal' }, { kind: 'kill' }, { kind: 'idle' }),
  },
)

test('any history of writes, cuts, holes, copies, seals and kills leaves the bytes a plain buffer has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      await using t = await testFilesystem(CHUNK)
      const { ino } = await makeNode(t.fs, 'a')
      let model = Buffer.alloc(0)
      for (const one of steps) {
        model = await apply(t, ino, one, model)
        const read = await readAll(t.fs, ino)
        assert.equal(read.length, model.length, `size after ${JSON.stringify(one)}`)
        assert.ok(read.equals(model), `bytes after ${JSON.stringify(one)}`)
      }
      await checkSeek(t, ino, model)
    }),
    { numRuns: 60 },
  )
})

async function apply(t: TestFilesystem, ino: Ino, one: Step, model: Buffer): Promise<Buffer<ArrayBuffer>> {
  const grown = (size: number): Buffer<ArrayBuffer> =>
    Buffer.concat([model, Buffer.alloc(Math.max(0, size - model.length))])
  if (one.kind === 'write') {
    await writeAll(t.fs, ino, one.offset, Buffer.alloc(one.bytes, one.fill))
    return one.bytes === 0 ? grown(0) : grown(one.offset + one.bytes).fill(one.fill, one.offset, one.offset + one.bytes)
  }
  if (one.kind === 'truncate') {
    await ok(t.fs.vfs.setAttributes(ino, { size: one.size }, CALLER))
    return Buffer.from(grown(one.size).subarray(0, one.size))
  }
  if (one.kind === 'clear') {
    await ok(t.fs.vfs.allocate(ino, one.mode, one.offset, one.bytes))
    const end = one.offset + one.bytes
    const next = one.mode === 'extend' || one.mode === 'zero' ? grown(end) : grown(0)
    if (one.mode !== 'extend' && one.mode !== 'keepSize')
      next.fill(0, Math.min(one.offset, next.length), Math.min(end, next.length))
    return next
  }
  if (one.kind === 'copy') return copy(t, ino, one, model)
  if (one.kind === 'sync') await ok(t.fs.vfs.sync(ino, 'all'))
  if (one.kind === 'seal') await ok(seal(t, ino))
  if (one.kind === 'kill') await t.killAndReopen()
  return grown(0)
}

async function copy(
  t: TestFilesystem,
  ino: Ino,
  one: { from: number; to: number; bytes: number },
  model: Buffer,
): Promise<Buffer<ArrayBuffer>> {
  const answer = await t.fs.vfs.copyRange({ ino, offset: one.from }, { ino, offset: one.to }, one.bytes)
  const next = Buffer.from(model)
  if (isErrno(answer)) {
    assert.equal(answer, ERRNO.EINVAL)
    return next
  }
  const part = model.subarray(one.from, one.from + answer.bytes)
  const grown = Buffer.concat([next, Buffer.alloc(Math.max(0, one.to + part.length - next.length))])
  if (part.length === 0) return next
  part.copy(grown, one.to)
  return grown
}

// Seeking must never step over bytes that are not zero.
async function checkSeek(t: TestFilesystem, ino: Ino, model: Buffer): Promise<void> {
  for (let at = 0; at < model.length; ) {
    const data = await t.fs.vfs.seek(ino, at, 'data')
    const start = isErrno(data) ? model.length : data.offset
    assert.ok(
      model.subarray(at, start).every(byte => byte === 0),
      `hole ${at} to ${start}`,
    )
    if (start >= model.length) break
    at = (await ok(t.fs.vfs.seek(ino, start, 'hole'))).offset
    assert.ok(at > start)
  }
}

async function seal(t: TestFilesystem, ino: Ino): Promise<void> {
  await ok(t.fs.vfs.sync(ino, 'all'))
  await t.fs.seal(ino)
}

test('copying a whole sealed file shares its tree', async () => {
  await using t = await testFilesystem(CHUNK)
  const [a, b] = [await makeNode(t.fs, 'a'), await makeNode(t.fs, 'b')]
  const bytes = Buffer.alloc(600 * 1024, 3)
  await writeAll(t.fs, a.ino, 0, bytes)
  await seal(t, a.ino)
  const before = t.chunks.chunks.size
  const { bytes: copied } = await ok(t.fs.vfs.copyRange({ ino: a.ino, offset: 0 }, { ino: b.ino, offset: 0 }, 2 ** 30))
  assert.equal(copied, bytes.length)
  assert.ok((await readAll(t.fs, b.ino)).equals(bytes))
  assert.equal(t.chunks.chunks.size, before)
  assert.equal((await ok(t.fs.vfs.lookup(ROOT_INO, 'b'))).size, bytes.length)
})

test('a copy over a file that is being sealed is not undone by the seal', async () => {
  await using t = await testFilesystem(CHUNK)
  const { fs, chunks } = t
  const [source, target] = [await makeNode(fs, 'source'), await makeNode(fs, 'target')]
  const bytes = Buffer.alloc(3 * CHUNK + 5, 'new')
  await writeAll(fs, source.ino, 0, bytes)
  await fs.seal(source.ino)
  await writeAll(fs, target.ino, 0, Buffer.alloc(2 * CHUNK + 5, 'old'))
  await fs.sync()
  const gate = Promise.withResolvers<void>()
  chunks.sync = () => gate.promise
  const sealing = fs.seal(target.ino)
  await new Promise(resolve => setImmediate(resolve))
  await ok(fs.vfs.copyRange({ ino: source.ino, offset: 0 }, { ino: target.ino, offset: 0 }, bytes.byteLength))
  gate.resolve()
  await sealing
  assert.ok((await readAll(fs, target.ino)).equals(bytes))
})

test('writes that cannot be stored are refused, not tried for ever, and all is there once they can', async () => {
  await using t = await testFilesystem(1024 * 1024)
  const { ino } = await makeNode(t.fs, 'a')
  const put = t.chunks.put.bind(t.chunks)
  t.chunks.put = async () => {
    throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5 })
  }
  const part = (i: number) => Buffer.alloc(1_000_000, `${i} `)
  const options = { append: false, killPrivileges: false }
  let taken = 0
  while (taken < 1000 && (await t.fs.vfs.write(ino, 7 + taken * 1_000_000, part(taken), options)) === undefined)
    taken += 1
  assert.ok(taken > 0 && taken < 1000, `${taken}`)
  assert.equal(await t.fs.vfs.sync(ino, 'all'), ERRNO.EIO)
  t.chunks.put = put
  await ok(t.fs.vfs.sync(ino, 'all'))
  const read = await readAll(t.fs, ino)
  for (let i = 0; i < taken; i++) {
    assert.ok(read.subarray(7 + i * 1_000_000, 7 + (i + 1) * 1_000_000).equals(part(i)), `part ${i}`)
  }
})
