import { type Awaitable, type Digest, isFault } from '#base'
import type { ChunkStore, ListedChunk, StoreStat } from './chunk-store.ts'
import { type CollectOptions, type CollectRound, collectRound, type RootProvider } from './collect.ts'
import { type Compaction, compactSegments } from './compact.ts'
import { groupChunks } from './groups.ts'
import type { StoreParts } from './parts.ts'
import { Puts } from './puts.ts'
import { readChunk } from './reads.ts'
import type { ChunkState, StateChange } from './record.ts'
import type { Recovery } from './recovery.ts'
import { quarantinedChunks, type ScrubOptions, type ScrubProgress, scrubChunks, verifyChunk } from './scrub.ts'
import { SEGMENT_HEADER_BYTES } from './segment-header.ts'
import type { SpaceReservation } from './reservations.ts'
import { changeStates } from './states.ts'

/** The open store: every call goes to its step; a damaged index is made anew and the call repeated. */
export class Store implements ChunkStore {
  readonly recovery: Recovery
  readonly #parts: StoreParts
  readonly #puts: Puts
  readonly #rebuild: () => Promise<void>
  readonly #close: () => Promise<void>
  #rebuilding: Promise<void> | undefined
  #compacted: Promise<unknown> = Promise.resolve()
  /** Puts and maintenance under way; a rebuild waits for them, since it reads the whole log. */
  readonly #writing = new Set<Promise<unknown>>()

  constructor(parts: StoreParts, more: StoreEnds) {
    this.#parts = parts
    this.#puts = new Puts(parts)
    this.recovery = more.recovery
    this.#rebuild = more.rebuild
    this.#close = more.close
  }

  put(bytes: Uint8Array, name?: Digest): Promise<Digest> {
    return this.#write(() => this.#puts.put(bytes, { state: 'held', name }))
  }

  cache(bytes: Uint8Array, name?: Digest): Promise<Digest> {
    return this.#write(() => this.#puts.put(bytes, { state: 'cached', name }))
  }

  find(digest: Digest): Awaitable<ListedChunk | undefined> {
    return this.#look(() => {
      const row = this.#parts.table.get(digest)
      return row && { digest, bytes: row.plainBytes, state: row.state }
    })
  }

  renew(digests: readonly Digest[]): Promise<readonly boolean[]> {
    return this.#write(async () => digests.map(digest => this.#puts.renew(digest)))
  }

  isCandidate(digest: Digest): boolean {
    return this.#parts.candidates.sinceMs(digest) !== undefined
  }

  release(digests: readonly Digest[]): Promise<void> {
    return this.#write(async () => changeStates(this.#parts, this.#those(digests, 'held'), 'cached'))
  }

  drop(digests: readonly Digest[]): Promise<void> {
    return this.#write(async () => changeStates(this.#parts, this.#those(digests, 'cached'), 'deleted'))
  }

  verify(digest: Digest): Promise<boolean> {
    return this.#write(() => verifyChunk(this.#parts, digest))
  }

  read(digest: Digest, into: Uint8Array, offset: number): Awaitable<void> {
    return this.#look(() => readChunk(this.#parts, { digest, into, offset }))
  }

  has(digest: Digest): Awaitable<boolean> {
    return this.#look(() => this.#parts.table.get(digest)?.state === 'held')
  }

  async sync(): Promise<void> {
    await this.#rebuilding
    await this.#parts.syncs.sync()
  }

  reserve(bytes: number): SpaceReservation | undefined {
    return this.#parts.space.reserve(bytes)
  }

  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    return this.#parts.space.space()
  }

  condemn(digests: readonly Digest[]): Promise<void> {
    return this.#change(digests, 'condemned')
  }

  delete(digests: readonly Digest[]): Promise<void> {
    return this.#change(digests, 'deleted')
  }

  async list(group: number, groups?: number): Promise<readonly ListedChunk[]> {
    return await this.#look(() => [...groupChunks(this.#parts.table, group, groups)])
  }

  groupVersion(group: number, groups: number): number {
    return this.#parts.table.changes.versionOf(group, groups)
  }

  stat(): StoreStat {
    const { table, log, candidates } = this.#parts
    const { held, cached, condemned, quarantined } = table.tally.states
    let live = 0
    for (const bytes of table.tally.live.values()) live += bytes
    const segments = log.segments.size
    return {
      states: {
        held: { ...held },
        cached: { ...cached },
        condemned: { ...condemned },
        quarantined: { ...quarantined },
      },
      segments,
      segmentBytes: log.bytes,
      deadBytes: Math.max(log.bytes - segments * SEGMENT_HEADER_BYTES - live, 0),
      candidates: candidates.count,
    }
  }

  async *scrub(options: ScrubOptions, signal: AbortSignal): AsyncGenerator<ScrubProgress> {
    await this.#rebuilding
    if (!(await this.#parts.syncs.verifyIndex())) await this.#renewIndex()
    yield* scrubChunks(this.#parts, options, signal)
  }

  async *quarantined(signal: AbortSignal): AsyncGenerator<Digest> {
    await this.#rebuilding
    yield* quarantinedChunks(this.#parts, signal)
  }

  // One after the other: two would rewrite the same segments.
  compact(signal: AbortSignal): Promise<Compaction> {
    const mine = this.#compacted.then(() => this.#write(() => compactSegments(this.#parts, signal)))
    this.#compacted = mine.catch(() => undefined)
    return mine
  }

  collect(providers: readonly RootProvider[], options: CollectOptions, signal: AbortSignal): Promise<CollectRound> {
    return this.#write(() => collectRound(this.#parts, providers, options, signal))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#writing, this.#rebuilding])
    await this.#close()
  }

  #those(digests: readonly Digest[], state: ChunkState): Digest[] {
    return digests.filter(digest => this.#parts.table.get(digest)?.state === state)
  }

  async #change(digests: readonly Digest[], state: StateChange): Promise<void> {
    await this.#write(async () => changeStates(this.#parts, digests, state))
  }

  // Hot: without a damaged index this adds no wait.
  async #write<Value>(step: () => Promise<Value>): Promise<Value> {
    if (this.#rebuilding !== undefined) await this.#rebuilding
    const work = step()
    this.#writing.add(work)
    try {
      return await work
    } catch (error) {
      if (!isFault(error, 'IndexDamaged')) throw error
    } finally {
      this.#writing.delete(work)
    }
    await this.#renewIndex()
    return await step()
  }

  #look<Value>(step: () => Awaitable<Value>): Awaitable<Value> {
    if (this.#rebuilding !== undefined) return this.#rebuilding.then(step)
    try {
      return step()
    } catch (error) {
      if (isFault(error, 'IndexDamaged')) return this.#renewIndex().then(step)
      if (isFault(error, 'ChunkMissing')) return this.#lookTwice(step, error)
      throw error
    }
  }

  // Whoever reads a chunk has its name from somewhere: that it is missing may be the index's damage.
  async #lookTwice<Value>(step: () => Awaitable<Value>, error: unknown): Promise<Value> {
    const { table, syncs } = this.#parts
    if (table.isVerified || (await syncs.verifyIndex())) throw error
    await this.#renewIndex()
    return await step()
  }

  #renewIndex(): Promise<void> {
    this.#rebuilding ??= this.#renewOnce().finally(() => {
      this.#rebuilding = undefined
    })
    return this.#rebuilding
  }

  async #renewOnce(): Promise<void> {
    this.#parts.world.log.warn('chunk index is damaged: making it anew')
    await Promise.allSettled(this.#writing)
    await this.#parts.syncs.settle()
    await this.#rebuild()
  }
}

/** What opening hands to the store beside its parts. */
export interface StoreEnds {
  readonly recovery: Recovery
  /** Makes the index anew from the segments; nothing is being written meanwhile. */
  readonly rebuild: () => Promise<void>
  /** Makes all durable and closes everything. */
  readonly close: () => Promise<void>
}
