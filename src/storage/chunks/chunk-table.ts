import { LRUCache } from 'lru-cache'
import { atMost, assert, type Clock, type Digest, isFault } from '#base'
import type { ChunkIndex, ChunkRow, LogPosition, RowRange } from './chunk-index.ts'
import { GroupChanges } from './group-changes.ts'
import { FLUSH_ROWS, HOT_ROWS_MAX, RANGE_ROWS, VERIFY_ROWS } from './limits.ts'
import { type Pending, PendingRows } from './pending-rows.ts'
import { Tally, type TallyNote } from './tally.ts'

/**
 * What the store knows about its chunks: new rows in memory over the index on disk. A row goes to the index only after
 * the log that says it is durable, in batches, so the index is never ahead of the segments.
 */
export class ChunkTable {
  /** Totals over all rows. */
  readonly tally = new Tally()
  readonly changes = new GroupChanges()
  readonly #index: ChunkIndex
  readonly #flushed = new Tally()
  readonly #pending = new PendingRows()
  readonly #hot = new LRUCache<Digest, ChunkRow>(atMost(HOT_ROWS_MAX))
  #isVerified = false
  #flush: Flush | undefined
  #pendingBytes = 0
  #lastMiss: Digest | undefined
  #position: LogPosition = { segment: 0, offset: 0 }
  /** Rows changed now belong to this epoch; each sync of the log ends one. */
  #epoch = 1
  #durableEpoch = 0
  #durablePosition: LogPosition = { segment: 0, offset: 0 }

  constructor(index: ChunkIndex) {
    this.#index = index
  }

  /** Everything before this place of the log is in the index. */
  get position(): LogPosition {
    return this.#position
  }

  /** Rows that are not in the index yet. */
  get pendingRows(): number {
    return this.#pending.count
  }

  get(digest: Digest): ChunkRow | undefined {
    const pending = this.#pending.get(digest)
    if (pending !== undefined) return pending.row
    return this.#stored(digest)
  }

  /** Notes what the log says from now on; undefined removes the chunk. */
  set(digest: Digest, row: ChunkRow | undefined): void {
    const before = this.#pending.get(digest)
    const stored = before === undefined ? this.#stored(digest) : before.stored
    const was = before === undefined ? stored : before.row
    this.tally.change(was, row)
    if ((was?.state === 'held') !== (row?.state === 'held')) this.changes.note(digest)
    this.#pending.set(digest, { row, stored, epoch: this.#epoch, firstEpoch: before?.firstEpoch ?? this.#epoch })
    this.#hot.delete(digest)
    this.#pendingBytes += row?.storedBytes ?? 0
  }

  /** Reads the index's own notes. False when they do not fit the segments there are: the caller begins anew. */
  load(fits: (position: LogPosition, tally: Tally) => boolean): boolean {
    const summary = this.#index.summary()
    if (summary === undefined) return false
    const { position, tally }: { position: LogPosition; tally: TallyNote } = JSON.parse(summary)
    this.#position = position
    this.#durablePosition = position
    this.tally.restore(tally)
    this.#flushed.restore(tally)
    return fits(position, this.tally)
  }

  /** Forgets everything, to be told again from the log. */
  reset(): void {
    const empty = new Tally().toJSON()
    this.#index.reset()
    this.changes.noteAll()
    this.#pending.clear()
    this.#hot.clear()
    this.#lastMiss = undefined
    this.#flush = undefined
    this.tally.restore(empty)
    this.#flushed.restore(empty)
    this.#position = { segment: 0, offset: 0 }
    this.#durablePosition = this.#position
  }

  /** Begins an epoch: what was noted until now is covered by the sync that starts. */
  beginSync(): number {
    return this.#epoch++
  }

  /** The log is durable up to the end of `epoch`; nothing before `position` was missing then. */
  endSync(epoch: number, position: LogPosition): void {
    assert(epoch > this.#durableEpoch, 'syncs end in order')
    this.#durableEpoch = epoch
    this.#durablePosition = position
  }

  /** Stored bytes whose rows are not in the index yet: what recovery would have to read. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * Writes one batch of the rows that were durable when the first of these steps began, in key order, so that
   * neighbours share pages of the index. True when more of them wait.
   */
  flushStep(): boolean {
    this.#flush ??= this.#beginFlush()
    const { digests, epoch, position } = this.#flush
    const batch: [Digest, Pending][] = []
    for (const digest of digests.splice(-FLUSH_ROWS)) {
      const pending = this.#pending.get(digest)
      if (pending !== undefined && pending.epoch <= this.#durableEpoch) batch.push([digest, pending])
    }
    const isLast = digests.length === 0
    if (isLast) this.#flush = undefined
    try {
      this.#write(batch, isLast && this.#isFlushed(epoch, batch.length) ? position : this.#position)
    } catch (error) {
      this.#flush = undefined
      throw error
    }
    return !isLast
  }

  /** Rows of a range, in byte order; at least one unless there are none, at most `limit` and what waits for the index. */
  page({ from, before }: RowRange, limit: number): readonly TableRow[] {
    for (let at: string | undefined = from; at !== undefined; ) {
      const { rows, next } = this.#page({ from: at, before }, limit)
      if (rows.length > 0) return rows
      at = next
    }
    return []
  }

  /** All rows of a range, in byte order; nothing may be noted meanwhile. */
  *rows({ from, before }: RowRange): Generator<TableRow> {
    for (let at: string | undefined = from; at !== undefined; ) {
      const { rows, next } = this.#page({ from: at, before }, RANGE_ROWS)
      yield* rows
      at = next
    }
  }

  /** True once the index was checked in full since it was opened. */
  get isVerified(): boolean {
    return this.#isVerified
  }

  /**
   * True when every row of the index checks and is where a search finds it, and none is missing, by the totals of what
   * was written to it; letting others run in between. Nothing may be flushed meanwhile.
   */
  async verify(clock: Clock): Promise<boolean> {
    const never = new AbortController().signal
    let left = this.#flushed.chunks
    let before = ''
    try {
      for (;;) {
        const page = this.#index.page({ from: `${before}\0` }, VERIFY_ROWS)
        if (page.length === 0) break
        left -= page.length
        // A damaged page pointer shows one page twice and another never: the count may be right, the order is not.
        for (const { digest } of page) {
          if (digest <= before) return false
          before = digest
        }
        await clock.sleep(1, never)
      }
    } catch (error) {
      if (isFault(error, 'IndexDamaged')) return false
      throw error
    }
    this.#isVerified = left === 0
    return this.#isVerified
  }

  #beginFlush(): Flush {
    const digests: Digest[] = []
    for (const [digest, { epoch }] of this.#pending.all()) if (epoch <= this.#durableEpoch) digests.push(digest)
    this.#pendingBytes = 0
    return { digests: digests.sort(), epoch: this.#durableEpoch, position: this.#durablePosition }
  }

  // The position may move on when nothing that the log says before it waits any more, but for the last batch.
  #isFlushed(epoch: number, lastBatch: number): boolean {
    let left = 0
    for (const [, { firstEpoch }] of this.#pending.all()) if (firstEpoch <= epoch) left++
    return left <= lastBatch
  }

  // Up to where the index was read: from `next` on there may be more.
  #page({ from, before }: RowRange, limit: number): { readonly rows: readonly TableRow[]; readonly next?: string } {
    const stored = this.#index.page({ from, before }, limit)
    const last = stored.length < limit ? undefined : stored.at(-1)
    const next = last && `${last.digest}\0`
    const rows = stored.filter(entry => !this.#pending.has(entry.digest))
    for (const [digest, { row }] of this.#pending.within({ from, before: next ?? before })) {
      if (row !== undefined) rows.push({ digest, row })
    }
    rows.sort((a, b) => (a.digest < b.digest ? -1 : 1))
    return next === undefined ? { rows } : { rows, next }
  }

  // What the index says. The last miss is remembered: a put looks, writes, and looks again.
  #stored(digest: Digest): ChunkRow | undefined {
    if (digest === this.#lastMiss) return undefined
    const hot = this.#hot.get(digest)
    if (hot !== undefined) return hot
    const row = this.#index.get(digest)
    if (row === undefined) this.#lastMiss = digest
    else this.#hot.set(digest, row)
    return row
  }

  #write(batch: readonly (readonly [Digest, Pending])[], position: LogPosition): void {
    if (batch.length === 0 && position === this.#position) return
    const rows = batch.map(([digest, { row }]) => ({ digest, row }))
    for (const [, { stored, row }] of batch) this.#flushed.change(stored, row)
    try {
      this.#index.write({ rows, summary: JSON.stringify({ position, tally: this.#flushed }) })
    } catch (error) {
      for (const [, { stored, row }] of batch) this.#flushed.change(row, stored)
      throw error
    }
    this.#position = position
    this.#lastMiss = undefined
    for (const [digest, { row }] of batch) {
      this.#pending.delete(digest)
      if (row !== undefined) this.#hot.set(digest, row)
    }
  }
}

/** What is known of a chunk. */
interface TableRow {
  readonly digest: Digest
  readonly row: ChunkRow
}

/** A flush under way: what it still has to write, and what it makes of the position. */
interface Flush {
  readonly digests: Digest[]
  readonly epoch: number
  readonly position: LogPosition
}
