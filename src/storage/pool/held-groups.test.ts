import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Clock, Digest } from '#base'
import { machineWorld } from '#host'
import { type ChunkStore, groupOf, inlineWorkers, memoryIndex, openChunkStore } from '#storage/chunks'
import { Cached } from './cached.ts'
import { digestOfAll } from './group-chunks.ts'
import { HeldGroups } from './held-groups.ts'
import { LISTED_PER_TURN } from './limits.ts'
import { temporaryFolder } from './testing.ts'

const never = new AbortController().signal

test('what is told of a group is what is held of it at that moment, whatever has happened since it was told before', async () => {
  await using here = await Here.open()
  const { store, held } = here
  const put = await here.put(200)
  await here.check()
  await store.release(put.slice(0, 20))
  await store.delete(put.slice(20, 40))
  await store.condemn(put.slice(40, 60))
  await here.check()
  await store.renew(put.slice(0, 60))
  await here.check()
  const group = groupOf(put[199] as Digest)
  const found = held.of(4096, group, never)
  await store.delete(put.slice(199)) // while it is being listed
  await found
  await here.check()
})

test('a group that has not changed is not listed again, and who counts other groups is answered', async () => {
  await using here = await Here.open()
  await here.put(100)
  await here.check()
  const { listed } = here
  await here.check()
  assert.equal(here.listed, listed)
  await here.check(16)
  await here.check()
  assert.equal(here.listed, listed + 16)
  const [digest] = await here.put(1)
  await here.check()
  assert.equal(here.listed, listed + 17)
  assert.equal((await here.held.of(4096, groupOf(digest as Digest), never)).chunks >= 1, true)
})

test('what is merely cached is known from the first list on, and is no part of what is held', async () => {
  await using here = await Here.open()
  const digest = await here.store.cache(randomBytes(500))
  const { chunks, digest: told } = await here.held.of(4096, groupOf(digest), never)
  assert.deepEqual([chunks, told, here.cached.bytes], [0, digestOfAll([]), 500])
})

test('others get a turn while many chunks are listed, and who has given up is not worked for', async () => {
  await using here = await Here.open()
  await here.put(3 * LISTED_PER_TURN)
  await here.check()
  assert.ok(here.sleeps >= 3 && here.sleeps <= 24, `${here.sleeps}`)
  await here.put(2 * LISTED_PER_TURN)
  const over = AbortSignal.abort(new Error('over'))
  const all = async () => {
    for (let group = 0; group < 4096; group++) await here.held.of(4096, group, over)
  }
  await assert.rejects(all, /over/)
})

/** A store with what is told of its groups. */
class Here implements AsyncDisposable {
  readonly store: ChunkStore
  readonly cached: Cached
  readonly held: HeldGroups
  listed = 0
  sleeps = 0
  readonly #folder: ReturnType<typeof temporaryFolder>

  static async open(): Promise<Here> {
    const folder = temporaryFolder()
    const workers = inlineWorkers(machineWorld.disk)
    const options = { world: machineWorld, workers, index: memoryIndex(), ballastBytes: 0 }
    return new Here(await openChunkStore({ ...options, folder: folder.path }), folder)
  }

  private constructor(store: ChunkStore, folder: ReturnType<typeof temporaryFolder>) {
    this.store = store
    this.#folder = folder
    this.cached = new Cached(store)
    const list = store.list.bind(store)
    store.list = (...words) => {
      this.listed++
      return list(...words)
    }
    const sleep: Clock['sleep'] = async (_, signal) => {
      signal.throwIfAborted()
      this.sleeps++
    }
    const clock = { ...machineWorld.clock, sleep }
    this.held = new HeldGroups({ store, clock, cached: this.cached, groups: () => 4096 })
  }

  async put(count: number): Promise<readonly Digest[]> {
    const digests: Digest[] = []
    for (let n = 0; n < count; n++) digests.push(await this.store.put(randomBytes(16)))
    return digests
  }

  /** Throws unless what is told of each group is what a list of it says. */
  async check(groups = 4096): Promise<void> {
    for (let group = 0; group < groups; group++) {
      const { chunks, digest } = await this.held.of(groups, group, never)
      const { listed } = this
      const wanted = (await this.store.list(group, groups)).filter(({ state }) => state === 'held')
      this.listed = listed
      assert.deepEqual([chunks, digest], [wanted.length, digestOfAll(wanted)])
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]()
    this.#folder[Symbol.dispose]()
  }
}
