import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { test } from 'node:test'
import { type Digest, isFault } from '#base'
import { machineDisk } from '#host'
import { type ChunkStore, lateWorkers } from './index.ts'
import { Bench, shared } from './testing.ts'

async function read(store: ChunkStore, digest: Digest, bytes: number): Promise<Buffer> {
  const into = Buffer.alloc(bytes)
  await store.read(digest, into, 0)
  return into
}

test('a cached chunk is read and is no copy, until a put or a renewal makes it one; also after a restart', async () => {
  await using bench = new Bench()
  const [small, large] = [randomBytes(1000), shared(randomBytes(200_000))]
  const options = { workers: lateWorkers(machineDisk, async () => undefined) }
  let digests: Digest[]
  {
    await using store = await bench.open(options)
    digests = await Promise.all([store.cache(small), store.cache(large)])
    for (const digest of digests) assert.equal(await store.has(digest), false)
  }
  await using store = await bench.open(options)
  const [one, other] = digests as [Digest, Digest]
  assert.deepEqual(await store.find(one), { digest: one, bytes: 1000, state: 'cached' })
  assert.deepEqual(await read(store, one, 1000), small)
  assert.equal(await store.put(small), one)
  assert.equal(await store.cache(small), one)
  assert.equal(await store.has(one), true)
  const none = 'x'.repeat(32) as Digest
  assert.deepEqual(await store.renew([other, none, one]), [true, false, true])
  assert.equal(await store.has(other), true)
  assert.equal(await store.find(none), undefined)
})

test('what is released may be dropped; what is held may not', async () => {
  await using bench = new Bench()
  await using store = await bench.open()
  const [kept, gone] = [await store.put(randomBytes(500)), await store.put(randomBytes(600))]
  await store.release([gone])
  assert.deepEqual([await store.has(kept), await store.has(gone)], [true, false])
  await store.drop([kept, gone])
  assert.deepEqual([await store.has(kept), await store.find(gone)], [true, undefined])
})

test('a chunk that is verified and found wrong is quarantined, and neither released nor renewed', async () => {
  await using bench = new Bench()
  await using store = await bench.open()
  const content = randomBytes(5000)
  const digest = await store.put(content)
  assert.equal(await store.verify(digest), true)
  const [segment = ''] = bench.segments()
  const bytes = fs.readFileSync(segment)
  const at = bytes.indexOf(content) + 100
  bytes[at] = (bytes[at] ?? 0) ^ 1
  fs.writeFileSync(segment, bytes)
  assert.equal(await store.verify(digest), false)
  assert.equal((await store.find(digest))?.state, 'quarantined')
  await store.release([digest])
  assert.deepEqual(await store.renew([digest]), [false])
  await assert.rejects(
    async () => read(store, digest, 10),
    error => isFault(error, 'ChunkDamaged'),
  )
})
