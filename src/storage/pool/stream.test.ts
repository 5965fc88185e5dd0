import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type Digest, digestOf } from '#base'
import { takeBlock } from '#rpc'
import { RECENT_BYTES_MAX, RECENT_MS, TICK_MS } from './limits.ts'
import { Recent } from './recent.ts'
import { TestCloud, type TestMachine } from './testing.ts'

const never = new AbortController().signal
const CHUNK_BYTES = 1_000_000

/** A chunk of other machines, as `a` sees it. */
async function chunkElsewhere(cloud: TestCloud): Promise<{ readonly digest: Digest; readonly content: Buffer }> {
  const [a, b] = [cloud.machine('a'), cloud.machine('b')]
  for (;;) {
    const content = randomBytes(CHUNK_BYTES)
    const digest = await cloud.clock.run(b.pool.put(content))
    await cloud.clock.run(b.pool.sync())
    if (!a.pool.view().isWanted('a', a.pool.view().groupOf(digest))) return { digest, content }
  }
}

async function piece(cloud: TestCloud, { pool }: TestMachine, digest: Digest, isStream: boolean): Promise<Buffer> {
  const into = Buffer.alloc(1000)
  await cloud.clock.run(Promise.resolve(pool.read(digest, into, 5000, isStream)))
  return into
}

async function stateAt({ store }: TestMachine, digest: Digest): Promise<string> {
  return (await store.find(digest))?.state ?? 'none'
}

test('what is read once as part of a stream is not kept on the disk, and the second time it is', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const { digest, content } = await chunkElsewhere(cloud)
  assert.deepEqual(await piece(cloud, a, digest, true), content.subarray(5000, 6000))
  assert.equal(a.pool.read(digest, Buffer.alloc(10), 0, true), undefined, 'its next piece comes from memory at once')
  assert.equal(await stateAt(a, digest), 'none')
  await cloud.clock.run(cloud.world.clock.sleep(RECENT_MS + 2 * TICK_MS, never))
  assert.equal(await stateAt(a, digest), 'none')
  assert.deepEqual(await piece(cloud, a, digest, true), content.subarray(5000, 6000))
  await cloud.until(async () => (await stateAt(a, digest)) === 'cached')
})

test('other chunks are kept when they are read', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const { digest } = await chunkElsewhere(cloud)
  await piece(cloud, a, digest, false)
  await cloud.until(async () => (await stateAt(a, digest)) === 'cached')
})

test('chunks stay in memory while they are read, and take no more of it than they may', async () => {
  let nowMs = 0
  const recent = new Recent({ wallNs: () => 0n, monotonicMs: () => nowMs, sleep: () => Promise.resolve() })
  const digests = Array.from({ length: 20 }, (_, at) => digestOf(Buffer.alloc(32, at)))
  for (const digest of digests) {
    recent.put(digest, Buffer.alloc(CHUNK_BYTES), () => false)
    assert.ok(recent.get(digests[0]!) !== undefined, 'what is used goes last')
  }
  assert.ok(recent.bytes <= RECENT_BYTES_MAX && recent.bytes > RECENT_BYTES_MAX - CHUNK_BYTES)
  assert.equal(recent.get(digests[1]!), undefined)
  nowMs = RECENT_MS - 1
  assert.ok(recent.get(digests[19]!) !== undefined)
  nowMs = RECENT_MS + 1
  recent.forgetOld()
  assert.equal(recent.bytes, CHUNK_BYTES)
})

test('the memory of a chunk that is needed no more is used again, unless somebody else has it too', () => {
  let nowMs = 0
  const recent = new Recent({ wallNs: () => 0n, monotonicMs: () => nowMs, sleep: () => Promise.resolve() })
  const [ours, others] = [takeBlock(CHUNK_BYTES), takeBlock(CHUNK_BYTES)]
  recent.put(digestOf(Buffer.alloc(32, 1)), others, () => false)
  recent.put(digestOf(Buffer.alloc(32, 2)), ours, () => true)
  nowMs = RECENT_MS + 1
  recent.forgetOld()
  const next = Array.from({ length: 32 }, () => takeBlock(CHUNK_BYTES).buffer)
  assert.ok(next.includes(ours.buffer))
  assert.ok(!next.includes(others.buffer))
})

test('many chunks read by several at a time, far more than stay in memory, are what they are', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const chunks = []
  for (let at = 0; at < 40; at++) chunks.push(await chunkElsewhere(cloud))
  const wrong = chunks.map(async ({ digest, content }, at) => {
    const into = Buffer.alloc(at % 3 === 0 ? CHUNK_BYTES : 70_000)
    const readers = [into, Buffer.alloc(1000)].map(async bytes => a.pool.read(digest, bytes, 0, at % 2 === 0))
    await Promise.all(readers)
    const again = Buffer.alloc(1000)
    await a.pool.read(digest, again, CHUNK_BYTES - 1000, true)
    return !content.subarray(0, into.byteLength).equals(into) || !content.subarray(-1000).equals(again)
  })
  assert.deepEqual(await cloud.clock.run(Promise.all(wrong)), Array(40).fill(false))
})
