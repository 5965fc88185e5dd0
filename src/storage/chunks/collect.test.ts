import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type Clock, type Digest, isFault } from '#base'
import type { ChunkStore, RootProvider } from './index.ts'
import { hashOf } from './record.ts'
import { Bench } from './testing.ts'

const never = new AbortController().signal
const options = { graceMs: 1000 }

/** A clock that stands still until told. */
class StillClock implements Clock {
  nowMs = 0
  wallNs(): bigint {
    return 0n
  }
  monotonicMs(): number {
    return this.nowMs
  }
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (ms < 1000) return
    await new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
}

function provider(wanted: ReadonlySet<Digest>, name = 'home'): RootProvider {
  return { name, references: digests => digests.map(digest => wanted.has(digest)) }
}

async function opened(bench: Bench): Promise<{ store: ChunkStore; clock: StillClock }> {
  const clock = new StillClock()
  return { store: await bench.open({ world: { ...bench.world, clock } }), clock }
}

test('a chunk goes only when every provider calls it unreferenced in two rounds a grace apart', async () => {
  await using bench = new Bench()
  const { store, clock } = await opened(bench)
  await using _ = store
  const [wanted, shared, loose] = [
    await store.put(randomBytes(9)),
    await store.put(randomBytes(9)),
    await store.put(randomBytes(9)),
  ]
  const providers = [provider(new Set([wanted])), provider(new Set([shared]), 'backup')]
  assert.deepEqual(await store.collect(providers, options, never), { asked: 3, candidates: 1, deleted: 0 })
  clock.nowMs += 500
  assert.equal((await store.collect(providers, options, never)).deleted, 0)
  clock.nowMs += 600
  assert.deepEqual(await store.collect(providers, options, never), { asked: 3, candidates: 0, deleted: 1 })
  assert.deepEqual([await store.has(wanted), await store.has(shared), await store.has(loose)], [true, true, false])
})

test('a put takes a chunk out of the candidates, also while providers are asked', async () => {
  await using bench = new Bench()
  const { store, clock } = await opened(bench)
  await using _ = store
  const bytes = randomBytes(9)
  const digest = await store.put(bytes)
  await store.collect([provider(new Set())], options, never)
  clock.nowMs += 2000
  await store.put(bytes)
  assert.equal((await store.collect([provider(new Set())], options, never)).deleted, 0)
  clock.nowMs += 2000
  const late: RootProvider = {
    name: 'late',
    references: async digests => {
      await store.put(bytes)
      return digests.map(() => false)
    },
  }
  assert.equal((await store.collect([late], options, never)).deleted, 0)
  assert.equal(await store.has(digest), true)
})

test('a provider that fails stops collection and the rounds begin anew', async () => {
  await using bench = new Bench()
  const { store, clock } = await opened(bench)
  await using _ = store
  const digest = await store.put(randomBytes(9))
  const none = provider(new Set())
  const broken: RootProvider = { name: 'broken', references: () => Promise.reject(new Error('not open')) }
  await store.collect([none], options, never)
  clock.nowMs += 2000
  await assert.rejects(store.collect([none, broken], options, never), error => isFault(error, 'CollectionStopped'))
  await assert.rejects(store.collect([], options, never), error => isFault(error, 'CollectionStopped'))
  assert.equal((await store.collect([none], options, never)).deleted, 0)
  assert.equal(await store.has(digest), true)
})

test('a condemned chunk is no copy; a put brings it back, over a reopen too', async () => {
  await using bench = new Bench()
  const bytes = randomBytes(9)
  const digest = hashOf(bytes)
  {
    await using store = await bench.open()
    await store.put(bytes)
    await store.condemn([digest])
    assert.equal(await store.has(digest), false)
  }
  {
    await using store = await bench.open()
    assert.equal(await store.has(digest), false)
    await store.put(bytes)
    assert.equal(await store.has(digest), true)
  }
  await using store = await bench.open()
  assert.equal(await store.has(digest), true)
  assert.equal(store.stat().states.held.chunks, 1)
})
