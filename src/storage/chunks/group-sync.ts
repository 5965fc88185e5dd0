import { type Clock, isFault } from '#base'
import type { ChunkTable } from './chunk-table.ts'
import { chunkFault, diskFault } from './faults.ts'
import { PENDING_BYTES_FLUSH, PENDING_BYTES_SYNC, PENDING_ROWS_FLUSH, PENDING_ROWS_SYNC } from './limits.ts'
import type { SegmentLog } from './segment-log.ts'
import type { Space } from './space.ts'

/**
 * Makes the log durable for all who wait at once, then lets the index follow. After a failed sync nobody knows what
 * reached the disk, so nothing more is accepted until the store is opened again.
 */
export class GroupSync {
  readonly #log: SegmentLog
  readonly #table: ChunkTable
  readonly #space: Space
  readonly #clock: Clock
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #flushing: Promise<void> | undefined
  #verifying: Promise<boolean> | undefined
  #failed: Error | undefined

  constructor(parts: { log: SegmentLog; table: ChunkTable; space: Space; clock: Clock }) {
    this.#log = parts.log
    this.#table = parts.table
    this.#space = parts.space
    this.#clock = parts.clock
  }

  /** Throws once a sync has failed. Faults: Io. */
  check(): void {
    if (this.#failed === undefined) return
    const hint = 'Look at the kernel log for errors of this disk, then restart the store.'
    throw chunkFault('Io', 'an earlier sync of the chunk store failed', { hint, cause: this.#failed })
  }

  /** Resolves when everything written before this call survives a power cut. Faults: Io, NoSpace. */
  sync(): Promise<void> {
    // The next one may be due and not have begun: it covers this call too, and there is never more than one at a time.
    if (this.#next !== undefined) return this.#next
    if (this.#running === undefined) return this.#start()
    const startNext = (): Promise<void> => {
      this.#next = undefined
      return this.#start()
    }
    this.#next = this.#running.then(startNext, startNext)
    return this.#next
  }

  /** Syncs, then brings the index up to the log. */
  async persist(): Promise<void> {
    await this.sync()
    await Promise.allSettled([this.#flushing]) // it may have begun before that sync
    await this.flush()
  }

  /** Writes durable rows to the index, a batch at a time. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  /** True when the index checks in full; rows wait in memory meanwhile. */
  async verifyIndex(): Promise<boolean> {
    while (this.#flushing !== undefined) await Promise.allSettled([this.#flushing])
    this.#verifying ??= this.#table.verify(this.#clock).finally(() => {
      this.#verifying = undefined
    })
    return await this.#verifying
  }

  /** Called after every change: syncs and flushes in the background before too much waits in memory. */
  nudge(): void {
    if (this.#running !== undefined || this.#failed) return
    const isDue = this.#table.pendingRows >= PENDING_ROWS_SYNC || this.#log.unsyncedBytes >= PENDING_BYTES_SYNC
    if (isDue) this.#inBackground(this.sync())
  }

  /** Resolves when nothing runs any more; never rejects. */
  async settle(): Promise<void> {
    while ((this.#running ?? this.#flushing ?? this.#verifying) !== undefined) {
      await Promise.allSettled([this.#running, this.#next, this.#flushing, this.#verifying])
    }
  }

  /** Makes everything durable for the last time, unless a sync has failed already. */
  async close(): Promise<void> {
    await this.settle()
    if (this.#failed !== undefined) return
    try {
      await this.persist()
    } catch (error) {
      if (!isFault(error, 'IndexDamaged')) throw error // the next open makes it anew
    }
    const { active } = this.#log
    if (active !== undefined) this.#log.noteDurable(active)
  }

  #start(): Promise<void> {
    this.#running = this.#syncOnce().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #syncOnce(): Promise<void> {
    this.check()
    const epoch = this.#table.beginSync()
    const position = this.#log.lowWater()
    try {
      await this.#log.sync()
    } catch (error) {
      this.#failed = diskFault('sync chunks', error)
      throw this.#failed
    }
    this.#table.endSync(epoch, position)
    const { pendingRows, pendingBytes } = this.#table
    const isDue = pendingRows >= PENDING_ROWS_FLUSH || pendingBytes >= PENDING_BYTES_FLUSH
    if (isDue) this.#inBackground(this.flush())
  }

  async #flushAll(): Promise<void> {
    const never = new AbortController().signal
    await Promise.allSettled([this.#verifying])
    while (this.#space.withBallast(() => this.#table.flushStep())) await this.#clock.sleep(1, never)
  }

  // A failed sync is remembered and met by the next put; a failed flush leaves its rows for the next one, and a
  // damaged index is met, and made anew, by the next lookup.
  #inBackground(work: Promise<void>): void {
    work.catch(() => undefined)
  }
}
