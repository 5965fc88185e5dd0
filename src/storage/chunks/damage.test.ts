import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { test } from 'node:test'
import { type Digest, isFault } from '#base'
import type { ChunkStore } from './index.ts'
import { seededRandom } from './test/torn-disk.ts'
import { Bench } from './testing.ts'

const never = new AbortController().signal

async function filled(bench: Bench, count: number): Promise<Map<Digest, Buffer>> {
  await using store = await bench.open()
  const contents = new Map<Digest, Buffer>()
  for (let n = 0; n < count; n++) {
    const bytes = randomBytes(1 + ((n * 7919) % 40_000))
    contents.set(await store.put(bytes), bytes)
  }
  return contents
}

type Outcome = 'right' | 'ChunkDamaged' | 'ChunkMissing'

async function readBack(store: ChunkStore, digest: Digest, bytes: Buffer): Promise<Outcome> {
  const into = Buffer.alloc(bytes.length)
  try {
    await store.read(digest, into, 0)
  } catch (error) {
    if (isFault(error, 'ChunkDamaged')) return 'ChunkDamaged'
    if (isFault(error, 'ChunkMissing')) return 'ChunkMissing'
    throw error
  }
  assert.ok(into.equals(bytes), 'wrong bytes were served')
  return 'right'
}

function flip(file: string, bit: number): void {
  const bytes = fs.readFileSync(file)
  bytes[bit >> 3]! ^= 1 << (bit & 7)
  fs.writeFileSync(file, bytes)
}

test('a flipped bit in a segment never yields wrong bytes, and at most one chunk is damaged', async () => {
  await using bench = new Bench()
  const contents = await filled(bench, 60)
  const [segment] = bench.segments()
  const original = fs.readFileSync(segment!)
  const random = seededRandom(1)
  for (let trial = 0; trial < 25; trial++) {
    fs.rmSync(bench.indexFile, { force: true })
    fs.writeFileSync(segment!, original)
    if (trial % 2 === 0) await (await bench.open())[Symbol.asyncDispose]()
    flip(segment!, Math.floor(random() * original.length * 8))
    bench.lines.length = 0
    await using store = await bench.open()
    const outcomes = new Map<Outcome, number>()
    for (const [digest, bytes] of contents) {
      const outcome = await readBack(store, digest, bytes)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    assert.ok((outcomes.get('right') ?? 0) >= contents.size - 1, JSON.stringify([...outcomes]))
    if (outcomes.get('right') !== contents.size) assert.ok(bench.lines.length > 0, 'damage is told')
  }
})

test('a damaged index is made anew, whatever is damaged in it', async () => {
  await using bench = new Bench()
  const contents = await filled(bench, 400)
  const original = fs.readFileSync(bench.indexFile)
  const random = seededRandom(2)
  for (let trial = 0; trial < 30; trial++) {
    fs.writeFileSync(bench.indexFile, original)
    for (let n = 0; n < 4; n++) flip(bench.indexFile, Math.floor(random() * original.length * 8))
    await using store = await bench.open()
    for (const [digest, bytes] of contents) assert.equal(await readBack(store, digest, bytes), 'right')
  }
})

test('an index that shows one page twice and another never is made anew', async () => {
  await using bench = new Bench()
  const contents = await filled(bench, 400)
  const original = fs.readFileSync(bench.indexFile)
  const pointers = childPointers(original)
  assert.ok(pointers.length > 4)
  for (const at of pointers) {
    for (const other of pointers.filter(pointer => pointer !== at)) {
      const bytes = Buffer.from(original)
      original.copy(bytes, at, other, other + 4)
      fs.writeFileSync(bench.indexFile, bytes)
      await using store = await bench.open()
      for (const [digest] of contents) assert.equal(await readBack(store, digest, Buffer.alloc(0)), 'right')
    }
  }
})

test('a flipped bit in the header of the index is no reason to refuse', async () => {
  await using bench = new Bench()
  const contents = await filled(bench, 5)
  const original = fs.readFileSync(bench.indexFile)
  for (let bit = 0; bit < 100 * 8; bit += 5) {
    fs.writeFileSync(bench.indexFile, original)
    flip(bench.indexFile, bit)
    await using store = await bench.open()
    for (const [digest, bytes] of contents) assert.equal(await readBack(store, digest, bytes), 'right')
    await store.put(randomBytes(10))
  }
})

// Where the interior pages of an SQLite file name their children: https://sqlite.org/fileformat2.html#b_tree_pages
function childPointers(file: Buffer): number[] {
  const pageBytes = file.readUInt16BE(16)
  const found: number[] = []
  for (let page = pageBytes; page < file.length; page += pageBytes) {
    if (file[page] !== 2) continue
    found.push(page + 8)
    for (let cell = 0; cell < file.readUInt16BE(page + 3); cell++) {
      found.push(page + file.readUInt16BE(page + 12 + 2 * cell))
    }
  }
  return found
}

test('an index that is missing, cut or not one at all is made anew', async () => {
  await using bench = new Bench()
  const contents = await filled(bench, 30)
  const spoil = [
    () => fs.rmSync(bench.indexFile),
    () => fs.truncateSync(bench.indexFile, 5000),
    () => fs.writeFileSync(bench.indexFile, randomBytes(9000)),
  ]
  for (const step of spoil) {
    step()
    await using store = await bench.open()
    assert.equal(store.recovery.isRebuilt, true)
    for (const [digest, bytes] of contents) assert.equal(await readBack(store, digest, bytes), 'right')
  }
})

test('a torn tail is cut and what was before it stays', async () => {
  await using bench = new Bench()
  const contents = await filled(bench, 5)
  const [segment] = bench.segments()
  fs.appendFileSync(segment!, randomBytes(3000))
  await using store = await bench.open()
  assert.ok(store.recovery.tornBytes > 0)
  for (const [digest, bytes] of contents) assert.equal(await readBack(store, digest, bytes), 'right')
  const after = randomBytes(5000)
  assert.equal(await readBack(store, await store.put(after), after), 'right')
})

test('scrub finds planted rot, quarantines it, and a put of the bytes heals it', async () => {
  await using bench = new Bench()
  const contents = await filled(bench, 40)
  const victim = [...contents.keys()][17]!
  const [segment] = bench.segments()
  const at = fs.readFileSync(segment!).indexOf(contents.get(victim)!)
  flip(segment!, (at + 3) * 8)
  {
    await using store = await bench.open()
    const found: Digest[] = []
    for await (const progress of store.scrub({ bytesPerSecond: 1e12 }, never)) {
      if (progress.finding?.kind === 'found') found.push(progress.finding.digest)
      if (progress.isDone) assert.deepEqual([progress.chunks, progress.damagedChunks], [40, 1])
    }
    assert.deepEqual(found, [victim])
    assert.equal(await store.has(victim), false)
  }
  fs.rmSync(bench.indexFile)
  await using store = await bench.open()
  assert.equal(await readBack(store, victim, contents.get(victim)!), 'ChunkDamaged')
  await store.put(contents.get(victim)!)
  assert.equal(await readBack(store, victim, contents.get(victim)!), 'right')
  assert.equal(store.stat().states.quarantined.chunks, 0)
})

test('a row lost from the index is found by scrub', async () => {
  await using bench = new Bench()
  const contents = await filled(bench, 40)
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(bench.indexFile)
  database.exec('DELETE FROM chunks WHERE digest = (SELECT min(digest) FROM chunks)')
  database.close()
  await using store = await bench.open()
  for await (const progress of store.scrub({ bytesPerSecond: 1e12 }, never)) {
    if (progress.isDone) assert.deepEqual([progress.chunks, progress.damagedChunks], [40, 0])
  }
  for (const [digest, bytes] of contents) assert.equal(await readBack(store, digest, bytes), 'right')
})

test('scrub keeps to its rate', async () => {
  await using bench = new Bench()
  await filled(bench, 10)
  const slept: number[] = []
  let nowMs = 0
  const clock = {
    wallNs: () => 0n,
    monotonicMs: () => nowMs,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted()
      if (ms > 5000)
        return await new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      slept.push(ms)
      nowMs += ms
    },
  }
  await using store = await bench.open({ world: { ...bench.world, clock } })
  let bytes = 0
  for await (const progress of store.scrub({ bytesPerSecond: 100_000 }, never)) bytes = progress.bytes
  const wantedMs = bytes / 100
  assert.ok(nowMs > wantedMs * 0.9 && nowMs < wantedMs * 1.1, `${nowMs} for ${wantedMs}`)
  const beforeMs = nowMs
  const slowed = { bytesPerSecond: 100_000, slowness: () => 3 }
  for await (const progress of store.scrub(slowed, never)) bytes = progress.bytes
  const slowMs = nowMs - beforeMs
  assert.ok(slowMs > wantedMs * 2.7 && slowMs < wantedMs * 3.3, `${slowMs} for three times ${wantedMs}`)
})

test('scrub goes on from the segment where an earlier one was', async () => {
  await using bench = new Bench()
  await filled(bench, 3)
  await using store = await bench.open()
  await store.put(Buffer.from('in a later segment'))
  const read = async (from?: number) => {
    const told: [number, number][] = []
    for await (const { chunks, segment } of store.scrub({ bytesPerSecond: 1e12, from }, never))
      told.push([segment, chunks])
    return told
  }
  const all = await read()
  const [segment, chunks] = all.at(-1) ?? [0, 0]
  assert.ok(chunks >= 4)
  assert.deepEqual((await read(segment)).at(-1), [0, 0])
  assert.deepEqual((await read(segment - 1)).at(-1)?.[0], segment)
})
