import { type Digest, whyOf, type World } from '#base'
import type { Pool } from '#storage/pool'
import {
  COLLECT_TIME_SHARE,
  UNHELD_AGAIN_MS,
  UNHELD_CHUNKS_MAX,
  UNHELD_EVERY_MS,
  UNHELD_LOOK_MS,
  UNHELD_SLOWED,
} from '../limits.ts'
import type { Filesystems } from './filesystems.ts'

/** Chunks that filesystems need and no machine holds that answers. */
export interface UnheldChunks {
  /** The first {@link UNHELD_CHUNKS_MAX}. */
  readonly digests: ReadonlySet<Digest>
  /** Machines that did not answer, and may hold them. */
  readonly silent: readonly string[]
}

/** What is looked at. */
export interface UnheldParts {
  readonly world: Pick<World, 'clock' | 'log'>
  readonly pool: Pick<Pool, 'compared' | 'unheld' | 'rescue' | 'tellUnheld' | 'isBusy'>
  readonly filesystems: Pick<Filesystems, 'all'>
}

/**
 * Looks whether some machine holds everything that the filesystems whose home is here need. Repair compares what machines hold, so it
 * cannot miss what nobody holds: only who knows what files need can. It looks once copies were compared after machines or disks went or came
 * back empty, and once a day. What somebody has of it because it was read there is a copy from then on, which repair brings to its place.
 */
export class Unheld implements AsyncDisposable {
  readonly #parts: UnheldParts
  readonly #closing = new AbortController()
  readonly #background: Promise<void>
  #found: UnheldChunks | undefined
  /** Of the last walk: for what reason, what was committed, when it ended and how long it took. */
  #last = { compared: '', committed: 0, endedMs: Number.NEGATIVE_INFINITY, tookMs: 0 }
  #againMs = Number.NEGATIVE_INFINITY

  constructor(parts: UnheldParts) {
    this.#parts = parts
    this.#background = this.#run(this.#closing.signal)
  }

  /** What was found last; undefined before the first look. */
  get found(): UnheldChunks | undefined {
    return this.#found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#background
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts.world
    while (!signal.aborted) {
      await clock.sleep(UNHELD_LOOK_MS, signal).catch(() => undefined)
      try {
        if (!signal.aborted && this.#isDue()) await this.#walk(signal)
        else if (!signal.aborted && clock.monotonicMs() >= this.#againMs) await this.#lookAgain(signal)
      } catch (error) {
        if (!signal.aborted)
          log.warn('not all that files need was looked for; it goes on later', { error: whyOf(error) })
      }
    }
  }

  #isDue(): boolean {
    const { compared } = this.#parts.pool
    const { endedMs, tookMs, ...last } = this.#last
    const sinceMs = this.#parts.world.clock.monotonicMs() - endedMs
    if (compared === '' || sinceMs < tookMs / COLLECT_TIME_SHARE) return false
    if (compared !== last.compared || sinceMs >= UNHELD_EVERY_MS) return true
    // Of what was missing something may have been removed or written again.
    const isMissing = this.#found !== undefined && this.#found.digests.size > 0
    return isMissing && sinceMs >= UNHELD_AGAIN_MS && this.#committed() !== last.committed
  }

  async #walk(signal: AbortSignal): Promise<void> {
    const { pool, filesystems, world } = this.#parts
    const startMs = world.clock.monotonicMs()
    const { compared } = pool
    const committed = this.#committed()
    const digests = new Set<Digest>()
    for (const { filesystem } of filesystems.all) {
      await filesystem.settled()
      let beganMs = world.clock.monotonicMs()
      for await (const batch of filesystem.references(signal, 'skip')) {
        const unheld = await pool.unheld(batch, signal)
        for (const digest of unheld.digests) if (digests.size < UNHELD_CHUNKS_MAX) digests.add(digest)
        if (pool.isBusy) await world.clock.sleep(UNHELD_SLOWED * (world.clock.monotonicMs() - beganMs), signal)
        beganMs = world.clock.monotonicMs()
      }
    }
    await this.#settle([...digests], signal)
    const endedMs = world.clock.monotonicMs()
    this.#last = { compared, committed, endedMs, tookMs: endedMs - startMs }
  }

  // A machine that is back may have it.
  async #lookAgain(signal: AbortSignal): Promise<void> {
    if (this.#found !== undefined && this.#found.digests.size > 0) await this.#settle([...this.#found.digests], signal)
  }

  async #settle(missed: readonly Digest[], signal: AbortSignal): Promise<void> {
    const { pool, world } = this.#parts
    if (missed.length > 0) await pool.rescue(missed, signal)
    const { digests, silent } = await pool.unheld(missed, signal)
    const count = digests.length
    if (count > 0 && count !== this.#found?.digests.size) {
      world.log.warn('files need chunks that no machine holds which answers', {
        chunks: count,
        silent: silent.join(', '),
      })
    }
    this.#found = { digests: new Set(digests), silent }
    this.#againMs = world.clock.monotonicMs() + UNHELD_AGAIN_MS
    pool.tellUnheld(silent.length > 0 ? { lostChunks: 0, awayChunks: count } : { lostChunks: count, awayChunks: 0 })
  }

  #committed(): number {
    return this.#parts.filesystems.all.reduce((sum, { keyspace }) => sum + keyspace.revision, 0)
  }
}
