import { whyOf, type World } from '#base'
import type { ChunkStore } from '#storage/chunks'
import {
  SCRUB_BYTES_PER_SECOND_MAX,
  SCRUB_BYTES_PER_SECOND_MIN,
  SCRUB_EVERY_MS,
  SCRUB_LOOK_MS,
  SCRUB_SLOWED,
} from '../limits.ts'
import { keepScrubState, readScrubState, type ScrubState } from './scrub-file.ts'

/** What the bytes of a disk are read and verified with. */
export interface ScrubberParts {
  readonly world: Pick<World, 'clock' | 'disk' | 'log'>
  /** The folder of the store: where it is, is written there. */
  readonly folder: string
  readonly chunks: Pick<ChunkStore, 'scrub' | 'stat'>
}

/**
 * Reads and verifies every byte of a disk once a week, slowly, and more slowly while people want something of it. How far it is
 * survives a restart. What is found damaged is set aside, and put right from other machines by the pool.
 */
export class Scrubber implements AsyncDisposable {
  readonly #parts: ScrubberParts
  readonly #closing = new AbortController()
  readonly #background: Promise<void>
  #state: ScrubState
  #people: { readonly isBusy: boolean } = { isBusy: false }

  constructor(parts: ScrubberParts) {
    this.#parts = parts
    this.#state = readScrubState(parts.world.disk, this.#path, this.#nowMs)
    this.#background = this.#run(this.#closing.signal)
  }

  /** How it stands. */
  get state(): ScrubState {
    return this.#state
  }

  /** Holds back from now on while people are busy. */
  stayBehind(people: { readonly isBusy: boolean }): void {
    this.#people = people
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#background
  }

  get #path(): string {
    return `${this.#parts.folder}/scrub.json`
  }

  get #nowMs(): number {
    return Number(this.#parts.world.clock.wallNs() / 1_000_000n)
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts.world
    while (!signal.aborted) {
      try {
        if (isDue(this.#state, this.#nowMs)) await this.#scrub(signal)
        else if (this.#state.last === undefined) await this.#keep(this.#state)
      } catch (error) {
        if (!signal.aborted) log.warn('the disk was not read through; it goes on later', { error: whyOf(error) })
      }
      // Looked at often: clocks are set, and machines sleep.
      await clock.sleep(SCRUB_LOOK_MS, signal).catch(() => undefined)
    }
  }

  async #scrub(signal: AbortSignal): Promise<void> {
    const { chunks } = this.#parts
    const begun = this.#state.now ?? { startedMs: this.#nowMs, segment: 0, chunks: 0, bytes: 0, damaged: 0 }
    const slowness = () => (this.#people.isBusy ? SCRUB_SLOWED : 1)
    const options = { bytesPerSecond: rateFor(chunks.stat().segmentBytes), from: begun.segment, slowness }
    for await (const { segment, isDone, ...seen } of chunks.scrub(options, signal)) {
      const counts = { chunks: begun.chunks + seen.chunks, bytes: begun.bytes + seen.bytes }
      const now = { startedMs: begun.startedMs, segment, ...counts, damaged: seen.damagedChunks }
      if (isDone) return await this.#done(now)
      const isNext = segment !== this.#state.now?.segment
      this.#state = { ...this.#state, now }
      if (isNext) await this.#keep(this.#state)
    }
  }

  async #done({ startedMs, chunks, bytes, damaged }: NonNullable<ScrubState['now']>): Promise<void> {
    const { version, sinceMs } = this.#state
    await this.#keep({ version, sinceMs, last: { startedMs, doneMs: this.#nowMs, chunks, bytes, damaged } })
    this.#parts.world.log.info('the whole disk was read', { chunks, bytes, damaged })
  }

  async #keep(state: ScrubState): Promise<void> {
    this.#state = state
    await keepScrubState(this.#parts.world.disk, this.#path, state)
  }
}

// A clock that was set back must not keep a disk unread: what lies ahead counts as past.
function isDue({ sinceMs, last, now }: ScrubState, nowMs: number): boolean {
  return now !== undefined || Math.abs(nowMs - (last?.startedMs ?? sinceMs)) >= SCRUB_EVERY_MS
}

/** So fast that it is through in half a week when nobody disturbs it. */
export function rateFor(bytes: number): number {
  const wanted = bytes / (SCRUB_EVERY_MS / 2 / 1000)
  return Math.min(Math.max(wanted, SCRUB_BYTES_PER_SECOND_MIN), SCRUB_BYTES_PER_SECOND_MAX)
}
