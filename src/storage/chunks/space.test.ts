import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isFault, type World } from '#base'
import { machineWorld } from '#host'
import { type ChunkStore, inlineWorkers, lateWorkers, memoryIndex, openChunkStore, type SpaceOptions } from './index.ts'
import { seededRandom, systemError, TornDisk, turnsLater } from './test/torn-disk.ts'
import { Bench, shared } from './testing.ts'

const never = new AbortController().signal
const isFull = (error: unknown): boolean => isFault(error, 'NoSpace') && error.hint !== undefined

function openOn(disk: TornDisk, options: SpaceOptions = {}, workers = inlineWorkers(disk)): Promise<ChunkStore> {
  const world: World = { ...machineWorld, disk, log: { info: () => undefined, warn: () => undefined } }
  const index = memoryIndex()
  const small = { ballastBytes: 0, segmentBytesMax: 64 * 1024 }
  return openChunkStore({ world, folder: '/store', workers, index, ...small, ...options })
}

test('a full disk refuses the put by name; reading, deleting and compaction go on and make room', async () => {
  const disk = new TornDisk(seededRandom(3))
  await using store = await openOn(disk)
  const first = randomBytes(10_000)
  const kept = await store.put(first)
  const others = []
  disk.bytesFree = 2 ** 40
  for (let n = 0; n < 20; n++) others.push(await store.put(randomBytes(10_000)))
  await store.sync()
  // The store still believes in the space it saw before; the disk itself refuses.
  disk.bytesFree = 5_000
  await assert.rejects(store.put(randomBytes(10_000)), isFull)
  const into = Buffer.alloc(10_000)
  await store.read(kept, into, 0)
  assert.ok(into.equals(first))
  await store.delete(others)
  disk.bytesFree = 100_000
  const { bytesReturned } = await store.compact(never)
  assert.ok(bytesReturned > 100_000, `${bytesReturned}`)
  await store.put(randomBytes(10_000))
  await store.read(kept, into, 0)
  assert.ok(into.equals(first))
})

test('what is there already is put again at no cost, also on a full disk', async () => {
  const disk = new TornDisk(seededRandom(5))
  await using store = await openOn(disk, {}, lateWorkers(disk, turnsLater(seededRandom(6))))
  const content = shared(randomBytes(100_000))
  const digest = await store.put(content)
  await store.sync()
  const { segmentBytes } = store.stat()
  assert.equal(await store.put(content), digest)
  disk.bytesFree = 0
  assert.equal(await store.put(content), digest)
  const grown = store.stat().segmentBytes - segmentBytes
  assert.ok(grown <= 64, `${grown} bytes: at most the header of a new segment`)
  await assert.rejects(store.put(shared(randomBytes(100_000))), isFull)
})

test('the share offered bounds the store, and reservations bind', async () => {
  await using bench = new Bench({ bytesMax: 1_000_000 })
  await using store = await bench.open()
  assert.equal(store.space().totalBytes, 1_000_000)
  const reservation = store.reserve(600_000)
  assert.ok(reservation !== undefined)
  assert.equal(store.reserve(600_000), undefined)
  await assert.rejects(store.put(randomBytes(500_000)), isFull)
  reservation.spend(600_000)
  await store.put(randomBytes(600_000))
  reservation[Symbol.dispose]()
  const { freeBytes } = store.space()
  assert.ok(freeBytes > 380_000 && freeBytes < 400_000, `${freeBytes}`)
  store.reserve(300_000)?.[Symbol.dispose]()
  assert.equal(store.space().freeBytes, freeBytes)
})

test('nobody is refused for what the disk was a moment ago', async () => {
  const disk = new TornDisk(seededRandom(7))
  disk.bytesFree = 1_000
  await using store = await openOn(disk)
  assert.equal(store.reserve(10_000), undefined)
  await assert.rejects(store.put(randomBytes(10_000)), isFull)
  disk.bytesFree = 1_000_000
  const reservation = store.reserve(10_000)
  assert.ok(reservation !== undefined)
  reservation[Symbol.dispose]()
  disk.bytesFree = 1_000
  assert.ok(store.space().freeBytes > 900_000)
  disk.bytesFree = 2_000_000
  await store.put(randomBytes(1_500_000))
})

test('ballast counts as kept before it is written', async () => {
  const disk = new TornDisk(seededRandom(4))
  disk.bytesFree = 2_000_000
  await using store = await openOn(disk, { ballastBytes: 500_000 })
  assert.equal(store.space().freeBytes, 1_500_000)
})

test('after a failed sync nothing is accepted until the store is opened again, which makes all durable', async () => {
  const disk = new TornDisk(seededRandom(5))
  const store = await openOn(disk)
  const digest = await store.put(randomBytes(1000))
  disk.syncError = systemError('EIO')
  await assert.rejects(store.sync(), error => isFault(error, 'Io'))
  disk.syncError = undefined
  await assert.rejects(store.put(randomBytes(1000)), error => isFault(error, 'Io'))
  await assert.rejects(store.sync(), error => isFault(error, 'Io'))
  await store.read(digest, Buffer.alloc(1000), 0)
  await store[Symbol.asyncDispose]()
  {
    await using again = await openOn(disk)
    await again.put(randomBytes(1000))
    await again.sync()
  }
  disk.crash()
  await using last = await openOn(disk)
  await last.read(digest, Buffer.alloc(1000), 0)
})

test('what is deleted from the only segment comes back by compaction', async () => {
  await using bench = new Bench()
  await using store = await bench.open()
  const kept = randomBytes(100_000)
  const digest = await store.put(kept)
  for (let i = 0; i < 4; i++) await store.delete([await store.put(randomBytes(600_000))])
  await store.sync()
  const { segmentsRemoved, bytesReturned } = await store.compact(never)
  assert.equal(segmentsRemoved, 1)
  assert.ok(bytesReturned > 2_000_000, `${bytesReturned}`)
  const into = Buffer.alloc(kept.byteLength)
  await store.read(digest, into, 0)
  assert.ok(into.equals(kept))
})

test('of a disk that others use too only what is free, but for what is left to them, and what is taken is offered', async () => {
  await using bench = new Bench()
  await using store = await bench.open({ shared: true })
  await store.put(randomBytes(100_000))
  await store.sync()
  const { totalBytes, freeBytes } = store.space()
  const { totalBytes: disk } = machineWorld.disk.space(bench.folder)
  const slack = 64 * 2 ** 20 // others write meanwhile
  assert.ok(Math.abs(totalBytes - freeBytes - store.stat().segmentBytes) < slack)
  assert.ok(totalBytes <= disk - Math.max(disk * 0.05, 2 * 2 ** 30) + slack)
})
