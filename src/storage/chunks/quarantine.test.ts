import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { test } from 'node:test'
import { bytesOf, type Digest, isFault } from '#base'
import { machineDisk } from '#host'
import { type ChunkStore, type ChunkWorkers, inlineWorkers, type RootProvider, type ScrubFinding } from './index.ts'
import { Bench } from './testing.ts'
import type { WriteJob } from './workers.ts'

const never = new AbortController().signal
const nobody: RootProvider = { name: 'nobody', references: digests => digests.map(() => false) }

/** Flips a bit in the stored bytes of a chunk; called again it makes them right. */
function flipIn(bench: Bench, content: Buffer): void {
  for (const segment of bench.segments()) {
    const bytes = fs.readFileSync(segment)
    // The middle, which no other chunk has, is found whether its neighbours are right or not.
    const at = bytes.indexOf(content.subarray(64))
    if (at < 0) continue
    bytes[at - 1]! ^= 4
    fs.writeFileSync(segment, bytes)
    return
  }
  assert.fail('the chunk is in no segment')
}

/** Flips a bit in front of the name of a chunk: nothing but its header has both. */
function flipHeader(bench: Bench, digest: Digest): void {
  const [segment = ''] = bench.segments()
  const bytes = fs.readFileSync(segment)
  bytes[bytes.indexOf(bytesOf(digest)) - 2]! ^= 1
  fs.writeFileSync(segment, bytes)
}

async function isRight(store: ChunkStore, digest: Digest, content: Buffer): Promise<boolean> {
  const into = Buffer.alloc(content.length)
  try {
    await store.read(digest, into, 0)
  } catch (error) {
    if (isFault(error, 'ChunkDamaged')) return false
    throw error
  }
  assert.ok(into.equals(content), 'wrong bytes were served')
  return true
}

async function scrubbed(store: ChunkStore): Promise<{ findings: ScrubFinding[]; damagedChunks: number }> {
  const findings: ScrubFinding[] = []
  let damagedChunks = 0
  for await (const progress of store.scrub({ bytesPerSecond: 1e12 }, never)) {
    if (progress.finding !== undefined) findings.push(progress.finding)
    damagedChunks = progress.damagedChunks
  }
  return { findings, damagedChunks }
}

async function collected(store: ChunkStore, provider = nobody): Promise<number> {
  await store.collect([provider], { graceMs: 0 }, never)
  return (await store.collect([provider], { graceMs: 0 }, never)).deleted
}

/** A store with one chunk that a read found damaged, between others that are right. */
async function damagedStore(bench: Bench): Promise<{ store: ChunkStore; digest: Digest; content: Buffer }> {
  const store = await bench.open()
  const content = randomBytes(3000)
  await store.put(randomBytes(3000))
  const digest = await store.put(content)
  await store.put(randomBytes(3000))
  await store.sync()
  flipIn(bench, content)
  assert.equal(await isRight(store, digest, content), false)
  return { store, digest, content }
}

/** Moves what lives in the first segments to new ones. */
async function compacted(store: ChunkStore): Promise<void> {
  await store.delete([await store.put(randomBytes(2 ** 21))])
  const { segmentsRemoved } = await store.compact(never)
  assert.equal(segmentsRemoved, 1)
}

async function quarantined(store: ChunkStore): Promise<Digest[]> {
  return await Array.fromAsync(store.quarantined(never))
}

test('scrub tells damage as long as it stands, over a reopen and without the index too', async () => {
  await using bench = new Bench()
  const { store, digest, content } = await damagedStore(bench)
  const standing = { findings: [{ digest, kind: 'standing' }], damagedChunks: 1 }
  assert.deepEqual(await scrubbed(store), standing)
  assert.deepEqual(await scrubbed(store), standing)
  await store[Symbol.asyncDispose]()
  fs.rmSync(bench.indexFile)
  await using again = await bench.open()
  assert.deepEqual(await scrubbed(again), standing)
  assert.deepEqual(await quarantined(again), [digest])
  await again.put(content)
  assert.deepEqual(await scrubbed(again), { findings: [], damagedChunks: 0 })
  assert.deepEqual(await quarantined(again), [])
})

test('damage of which compaction kept only the name is told by scrub and taken back by a put', async () => {
  await using bench = new Bench()
  const { store, digest, content } = await damagedStore(bench)
  await compacted(store)
  assert.deepEqual(await scrubbed(store), { findings: [{ digest, kind: 'standing' }], damagedChunks: 1 })
  await store[Symbol.asyncDispose]()
  fs.rmSync(bench.indexFile)
  await using again = await bench.open()
  assert.equal((await scrubbed(again)).damagedChunks, 1)
  await again.put(content)
  assert.ok(await isRight(again, digest, content))
  assert.equal((await scrubbed(again)).damagedChunks, 0)
})

test('what was misread and is right now is held again, by scrub as by compaction', async () => {
  for (const heal of [scrubbed, compacted]) {
    await using bench = new Bench()
    const { store, digest, content } = await damagedStore(bench)
    flipIn(bench, content)
    const said = await heal(store)
    if (said !== undefined) assert.deepEqual(said, { findings: [{ digest, kind: 'healed' }], damagedChunks: 0 })
    assert.equal(await store.has(digest), true)
    assert.ok(await isRight(store, digest, content))
    await store[Symbol.asyncDispose]()
    fs.rmSync(bench.indexFile)
    await using again = await bench.open()
    assert.equal(await again.has(digest), true)
    assert.ok(await isRight(again, digest, content))
  }
})

test('a damaged chunk that nobody needs is collected, one that somebody needs stays', async () => {
  for (const prepare of [async () => undefined, compacted]) {
    await using bench = new Bench()
    const { store, digest } = await damagedStore(bench)
    await prepare(store)
    const somebody: RootProvider = { name: 'somebody', references: asked => asked.map(each => each === digest) }
    await collected(store, somebody)
    assert.equal(store.stat().states.quarantined.chunks, 1)
    assert.equal((await store.collect([nobody], { graceMs: 0 }, never)).deleted, 0)
    assert.equal((await store.collect([nobody], { graceMs: 0 }, never)).deleted, 1)
    assert.equal(store.stat().states.quarantined.chunks, 0)
    assert.deepEqual(await scrubbed(store), { findings: [], damagedChunks: 0 })
    await store[Symbol.asyncDispose]()
    fs.rmSync(bench.indexFile)
    await using again = await bench.open()
    assert.equal(again.stat().states.quarantined.chunks, 0)
    assert.deepEqual(await quarantined(again), [])
  }
})

test('a put during collection replaces the damaged bytes, whenever it comes', async () => {
  await using bench = new Bench()
  const { store, digest, content } = await damagedStore(bench)
  await store.collect([nobody], { graceMs: 0 }, never)
  const late: RootProvider = {
    name: 'late',
    references: async asked => {
      await store.put(content)
      return asked.map(() => false)
    },
  }
  await store.collect([late], { graceMs: 0 }, never)
  assert.ok(await isRight(store, digest, content))
  assert.equal(store.stat().states.quarantined.chunks, 0)
  flipIn(bench, content) // heals the old record
  await store[Symbol.asyncDispose]()
  fs.rmSync(bench.indexFile)
  await using again = await bench.open()
  assert.ok(await isRight(again, digest, content))
})

test('condemning a damaged chunk does not let a put bring back its damage', async () => {
  await using bench = new Bench()
  const { store, digest, content } = await damagedStore(bench)
  await using _ = store
  await store.condemn([digest])
  assert.deepEqual(await quarantined(store), [digest])
  await store.put(content)
  assert.equal(await store.has(digest), true)
  assert.ok(await isRight(store, digest, content))
})

for (const isBodyRight of [true, false]) {
  const what = isBodyRight ? 'is written anew' : 'keeps its name when its bytes are damaged too'
  test(`a chunk whose header is damaged ${what}, before the index that knows it is lost`, async () => {
    await using bench = new Bench()
    const contents = Array.from({ length: 5 }, () => randomBytes(3000))
    const store = await bench.open()
    const digests = await Promise.all(contents.map(content => store.put(content)))
    await store.sync()
    const digest = digests[2]!
    if (!isBodyRight) flipIn(bench, contents[2]!)
    flipHeader(bench, digest)
    const finding = { digest, kind: isBodyRight ? 'mended' : 'found' }
    assert.deepEqual(await scrubbed(store), { findings: [finding], damagedChunks: isBodyRight ? 0 : 1 })
    const left = isBodyRight ? [] : [{ digest, kind: 'standing' }]
    assert.deepEqual((await scrubbed(store)).findings, left)
    await store[Symbol.asyncDispose]()
    fs.rmSync(bench.indexFile)
    await using again = await bench.open()
    for (const [number, each] of digests.entries()) {
      assert.equal(await isRight(again, each, contents[number]!), isBodyRight || each !== digest)
    }
  })
}

for (const index of ['as it was', 'lost']) {
  test(`a put that began before compaction gave up the damaged bytes outlives a crash, index ${index}`, async () => {
    await using bench = new Bench()
    const workers = new SlowWorkers()
    await using store = await bench.open({ workers, segmentBytesMax: 2 ** 20 })
    const content = randomBytes(100_000)
    const digest = await store.put(content)
    for (let n = 0; n < 15; n++) await store.delete([await store.put(randomBytes(60_000))])
    flipIn(bench, content)
    assert.equal(await isRight(store, digest, content), false)
    const { begun, go } = workers.stop()
    const putting = store.put(content)
    await begun
    assert.equal((await store.compact(never)).segmentsRemoved, 1)
    assert.deepEqual(await quarantined(store), [digest])
    go()
    await putting
    await store.sync()
    await using crashed = new Bench()
    fs.cpSync(bench.folder, crashed.folder, { recursive: true })
    if (index === 'lost') fs.rmSync(crashed.indexFile)
    await using again = await crashed.open()
    assert.ok(await isRight(again, digest, content))
  })
}

/** Workers whose writes can be made to wait. */
class SlowWorkers implements ChunkWorkers {
  readonly #inline = inlineWorkers(machineDisk)
  readonly threaded = true
  readonly hash = this.#inline.hash
  readonly read = this.#inline.read
  readonly verify = this.#inline.verify
  readonly forget = this.#inline.forget
  #stopped: { begun: PromiseWithResolvers<void>; go: PromiseWithResolvers<void> } | undefined

  stop(): { readonly begun: Promise<void>; readonly go: () => void } {
    const begun = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    this.#stopped = { begun, go }
    return { begun: begun.promise, go: go.resolve }
  }

  async write(job: WriteJob): Promise<Uint8Array> {
    this.#stopped?.begun.resolve()
    await this.#stopped?.go.promise
    return await this.#inline.write(job)
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#inline[Symbol.asyncDispose]()
  }
}
