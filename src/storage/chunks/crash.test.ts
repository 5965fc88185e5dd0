import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Digest, digestHex, type World } from '#base'
import { machineWorld } from '#host'
import {
  type ChunkIndex,
  type ChunkStore,
  groupOf,
  inlineWorkers,
  lateWorkers,
  memoryIndex,
  openChunkStore,
} from './index.ts'
import { PowerCut, seededRandom, TornDisk, turnsLater } from './test/torn-disk.ts'

const never = new AbortController().signal
const SEEDS = 100

/** A store on a torn disk with a model of what it owes: `owed` is synced, `held` was put. */
class Trial {
  readonly random: () => number
  readonly disk: TornDisk
  readonly owed = new Map<Digest, Buffer>()
  readonly contents = new Map<Digest, Buffer>()
  readonly held = new Set<Digest>()
  readonly index: ChunkIndex | undefined
  readonly lines: string[] = []
  /** Writes end in any order, some after later ones were synced. */
  readonly isLate: boolean
  store: ChunkStore | undefined

  constructor(seed: number) {
    this.isLate = seed % 3 === 0
    this.random = seededRandom(seed)
    this.disk = new TornDisk(this.random)
    if (seed % 2 === 0) this.index = keptIndex()
  }

  async open(): Promise<ChunkStore> {
    const line = (message: string): void => void this.lines.push(message)
    const world: World = { ...machineWorld, disk: this.disk, log: { info: line, warn: line } }
    this.store = await openChunkStore({
      world,
      folder: '/store',
      workers: this.isLate ? lateWorkers(this.disk, turnsLater(this.random)) : inlineWorkers(this.disk),
      index: this.index ?? memoryIndex(),
      ballastBytes: 0,
      segmentBytesMax: this.isLate ? 256 * 1024 : 64 * 1024,
    })
    return this.store
  }

  async put(store: ChunkStore): Promise<void> {
    const fill = Buffer.alloc(16, Math.floor(this.random() * 40))
    const bytes = Buffer.alloc(Math.floor(this.random() * (this.isLate ? 110_000 : 20_000)), fill)
    const digest = await store.put(bytes)
    this.contents.set(digest, bytes)
    this.held.add(digest)
  }

  /** Several at once, with a sync in the middle that covers those that are done when it starts. */
  async putMany(store: ChunkStore): Promise<void> {
    const puts = [this.put(store), this.put(store), this.put(store)]
    await Promise.race(puts)
    const syncing = this.sync(store)
    await Promise.all([...puts, this.put(store), syncing])
  }

  async drop(store: ChunkStore): Promise<void> {
    const digests = [...this.held].filter(() => this.random() < 0.3)
    for (const digest of digests) {
      this.owed.delete(digest)
      this.held.delete(digest)
    }
    await (this.random() < 0.7 ? store.delete(digests) : store.condemn(digests))
  }

  async sync(store: ChunkStore): Promise<void> {
    const now = [...this.held]
    await store.sync()
    for (const digest of now) this.owed.set(digest, this.contents.get(digest)!)
  }

  async check(store: ChunkStore, isAfterCrash: boolean): Promise<void> {
    assert.equal(store.stat().states.quarantined.chunks, 0, 'a crash is no damage')
    for (const [digest, bytes] of this.owed) {
      assert.equal(await store.has(digest), true, `owed ${digestHex(digest)}`)
      await same(store, digest, bytes)
    }
    for (const [digest, bytes] of this.contents) {
      const has = await store.has(digest)
      if (has) await same(store, digest, bytes)
      if (!isAfterCrash) assert.equal(has, this.held.has(digest))
      else if (has) this.held.add(digest)
      else this.held.delete(digest)
    }
    const live = await countHeld(store, this.contents.keys())
    assert.equal(store.stat().states.held.chunks, live)
  }
}

async function same(store: ChunkStore, digest: Digest, bytes: Buffer): Promise<void> {
  const into = Buffer.alloc(bytes.length)
  await store.read(digest, into, 0)
  assert.ok(into.equals(bytes))
}

async function countHeld(store: ChunkStore, digests: Iterable<Digest>): Promise<number> {
  let count = 0
  for (const group of new Set([...digests].map(groupOf))) {
    for (const chunk of await store.list(group)) if (chunk.state === 'held') count++
  }
  return count
}

function keptIndex(): ChunkIndex {
  const index = memoryIndex()
  return Object.assign(Object.create(index), {
    get: index.get.bind(index),
    write: index.write.bind(index),
    page: index.page.bind(index),
    summary: index.summary.bind(index),
    reset: index.reset.bind(index),
    [Symbol.dispose]: () => undefined,
  }) as ChunkIndex
}

async function step(trial: Trial, store: ChunkStore): Promise<void> {
  const dice = trial.random()
  if (dice < 0.2) await trial.putMany(store)
  else if (dice < 0.55) await trial.put(store)
  else if (dice < 0.7) await trial.drop(store)
  else if (dice < 0.9) await trial.sync(store)
  else await store.compact(never)
}

async function runUntilCrash(trial: Trial): Promise<boolean> {
  trial.disk.operationsLeft = Math.floor(trial.random() * 150)
  try {
    trial.store = undefined
    const store = await trial.open()
    for (let n = 0; n < 60; n++) await step(trial, store)
    trial.disk.operationsLeft = Number.POSITIVE_INFINITY
    await trial.check(store, false)
    await store[Symbol.asyncDispose]()
    for (const digest of trial.held) trial.owed.set(digest, trial.contents.get(digest)!)
    return false
  } catch (error) {
    if (!isPowerCut(error)) throw error
    await Promise.allSettled([trial.store?.[Symbol.asyncDispose]()])
    trial.disk.crash()
    return true
  }
}

function isPowerCut(error: unknown): boolean {
  return error instanceof PowerCut || (error instanceof Error && isPowerCut(error.cause))
}

test(`nothing synced is lost and no torn write is served, ${SEEDS} seeds`, async () => {
  let crashes = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const trial = new Trial(seed)
    try {
      for (let round = 0; round < 5; round++) {
        const isAfterCrash = await runUntilCrash(trial)
        if (isAfterCrash) crashes++
        await using store = await trial.open()
        await trial.check(store, isAfterCrash)
        for (const digest of trial.held) trial.owed.set(digest, trial.contents.get(digest)!)
      }
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  assert.ok(crashes > SEEDS, 'most rounds crash')
})

test('a segment begun by a process that was killed keeps its name when the next one has synced', async () => {
  const disk = new TornDisk(() => 0)
  const open = (): Promise<ChunkStore> =>
    openChunkStore({
      world: { ...machineWorld, disk },
      folder: '/store',
      workers: inlineWorkers(disk),
      index: memoryIndex(),
      ballastBytes: 0,
    })
  const killed = await open()
  const digest = await killed.put(Buffer.from('kept'))
  const next = await open()
  await next.sync()
  disk.crash()
  await using last = await open()
  const into = Buffer.alloc(4)
  await last.read(digest, into, 0)
  assert.equal(into.toString(), 'kept')
  await Promise.allSettled([killed, next].map(store => store[Symbol.asyncDispose]()))
})
