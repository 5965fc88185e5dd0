import { type Digest, whyOf, type World } from '#base'
import { type ChunkStore, type CollectRound, DigestFilter } from '#storage/chunks'
import {
  COLLECT_EVERY_MS,
  COLLECT_FAR_GRACE_MS,
  COLLECT_LOOK_MS,
  COLLECT_LOW_EVERY_MS,
  COLLECT_LOW_SHARE,
  COLLECT_TIME_SHARE,
} from '../limits.ts'
import type { Filesystems } from './filesystems.ts'
import type { OtherRoots } from './roots.ts'

/** What a collection freed. */
export interface Collected {
  readonly deletedChunks: number
  /** Chunks that another collection may find unneeded. */
  readonly candidates: number
  readonly freedBytes: number
}

/** What a collector works on. */
export interface CollectorParts {
  readonly world: World
  readonly chunks: ChunkStore
  readonly filesystems: Pick<Filesystems, 'held'>
  /** What other machines name of what this one holds. */
  readonly others: OtherRoots
  /** Milliseconds for which no machine may name a chunk before it goes; COLLECT_FAR_GRACE_MS when undefined. */
  readonly farGraceMs?: number | undefined
}

/**
 * Frees chunks that no filesystem needs. A collection has two rounds; each asks every filesystem for all it references.
 * A chunk that neither told goes, because between the two every write that had put chunks before the first has come to
 * name them, and a chunk that is put again later is no candidate any more. One collection at a time.
 * With other machines all of them must say what they name, and rounds that agree lie an hour apart.
 */
export class Collector implements AsyncDisposable {
  readonly #parts: CollectorParts
  readonly #closing = new AbortController()
  readonly #background: Promise<void>
  #last: Promise<unknown> = Promise.resolve()
  #round = 0
  /** What was committed when the last collection began: nothing to do while it is the same. */
  #revisions = -1
  #elsewhere = ''

  constructor(parts: CollectorParts) {
    this.#parts = parts
    this.#background = this.#run(this.#closing.signal)
  }

  /** Collects now. Faults: CollectionStopped, those of reading what filesystems reference; nothing is lost by them. */
  collect(signal: AbortSignal): Promise<Collected> {
    const mine = this.#last.then(() => this.#collect(AbortSignal.any([signal, this.#closing.signal])))
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#last
    await this.#background
  }

  async #collect(signal: AbortSignal): Promise<Collected> {
    const { chunks, filesystems, others } = this.#parts
    const revisions = this.#committed()
    const elsewhere = await others.version(signal)
    // What an earlier collection left as candidates goes in the first round already.
    const first = await this.#ask(signal)
    await Promise.all(filesystems.held.map(({ filesystem }) => filesystem.settled()))
    const { deleted, candidates } = await this.#ask(signal)
    const deletedChunks = first.deleted + deleted
    const { bytesReturned } = await chunks.compact(signal)
    this.#revisions = candidates === 0 ? revisions : -1
    this.#elsewhere = elsewhere
    return { deletedChunks, candidates, freedBytes: bytesReturned }
  }

  async #ask(signal: AbortSignal): Promise<CollectRound> {
    const { chunks, filesystems, others, farGraceMs = COLLECT_FAR_GRACE_MS } = this.#parts
    const isAlone = others.isAlone
    const count = Object.values(chunks.stat().states).reduce((sum, { chunks: each }) => sum + each, 0)
    const salt = this.#round++
    const wanted = new DigestFilter(count, salt)
    for (const { filesystem } of filesystems.held) {
      for await (const batch of filesystem.references(signal)) for (const digest of batch) wanted.add(digest)
    }
    const named = [wanted, ...(await others.named(salt % SALTS, signal))]
    // What was removed before it was asked stays removed, even after a power cut: only then its chunks may go.
    for (const { keyspace } of filesystems.held) await keyspace.sync(keyspace.revision, signal)
    const references = (digests: readonly Digest[]) => digests.map(digest => named.some(each => each.mayHave(digest)))
    // Writers elsewhere cannot be waited for: a chunk goes when nobody has named it for much longer than a write takes.
    const graceMs = isAlone ? 0 : farGraceMs
    return chunks.collect([{ name: 'filesystems', references }], { graceMs }, signal)
  }

  // Now and then when something has changed, more often when space is low, and never for more than a small part of the time.
  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts.world
    let lastMs = clock.monotonicMs()
    let tookMs = 0
    while (!signal.aborted) {
      await clock.sleep(COLLECT_LOOK_MS, signal).catch(() => undefined)
      const startMs = clock.monotonicMs()
      const pauseMs = Math.max(this.#isLow() ? COLLECT_LOW_EVERY_MS : COLLECT_EVERY_MS, tookMs / COLLECT_TIME_SHARE)
      if (signal.aborted || startMs - lastMs < pauseMs || (await this.#isSame(signal))) continue
      try {
        const { deletedChunks, freedBytes } = await this.collect(signal)
        if (deletedChunks > 0) log.info('collected chunks that nothing needs', { deletedChunks, freedBytes })
      } catch (error) {
        if (!signal.aborted) log.warn('collection failed; it is tried again later', { error: whyOf(error) })
      }
      lastMs = clock.monotonicMs()
      tookMs = lastMs - startMs
    }
  }

  // Asking other machines whether they name what they did costs little, however much that is.
  async #isSame(signal: AbortSignal): Promise<boolean> {
    if (this.#committed() !== this.#revisions) return false
    const elsewhere = await this.#parts.others.version(signal).catch(() => undefined)
    return elsewhere === this.#elsewhere
  }

  #isLow(): boolean {
    const { totalBytes, freeBytes } = this.#parts.chunks.space()
    return freeBytes < totalBytes * COLLECT_LOW_SHARE
  }

  #committed(): number {
    return this.#parts.filesystems.held.reduce((sum, { keyspace }) => sum + keyspace.revision, 0)
  }
}

/** A round's filter has another salt than the one before: a few are enough. */
const SALTS = 65_536
