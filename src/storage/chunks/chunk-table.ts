import { LRUCache } from 'lru-cache'
import { assert, type Digest } from '#base'
import type { ChunkIndex, ChunkRow, LogPosition } from './chunk-index.ts'
import { FLUSH_ROWS, HOT_ROWS_MAX } from './limits.ts'
import { Tally, type TallyNote } from './tally.ts'

/**
 * What the store knows about its chunks: new rows in memory over the index on disk. A row goes to the index only after
 * the log that says it is durable, in batches, so the index is never ahead of the segments.
 */
export class ChunkTable {
  /** Totals over all rows. */
  readonly tally = new Tally()
  readonly #index: ChunkIndex
  readonly #flushed = new Tally()
  readonly #pending = new Map<Digest, Pending>()
  readonly #hot = new LRUCache<Digest, ChunkRow>({ max: HOT_ROWS_MAX })
  #isVerified = false
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
    return this.#pending.size
  }

  get(digest: Digest): ChunkRow | undefined {
    const pending = this.#pending.get(digest)
    if (pending !== undefined) return pending.row
    const hot = this.#hot.get(digest)
    if (hot !== undefined) return hot
    const row = this.#index.get(digest)
    if (row !== undefined) this.#hot.set(digest, row)
    return row
  }

  /** Notes what the log says from now on; undefined removes the chunk. */
  set(digest: Digest, row: ChunkRow | undefined): void {
    this.tally.change(this.get(digest), row)
    const before = this.#pending.get(digest)
    this.#pending.delete(digest)
    this.#pending.set(digest, { row, epoch: this.#epoch, firstEpoch: before?.firstEpoch ?? this.#epoch })
    this.#hot.delete(digest)
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
    this.#pending.clear()
    this.#hot.clear()
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

  /** Writes one batch of durable rows to the index. True when more of them wait. */
  flushStep(): boolean {
    const batch: [Digest, Pending][] = []
    let more = false
    let holdsBack = false
    for (const entry of this.#pending) {
      const isDurable = entry[1].epoch <= this.#durableEpoch
      if (isDurable && batch.length < FLUSH_ROWS) batch.push(entry)
      else if (isDurable) more = true
      else if (entry[1].firstEpoch <= this.#durableEpoch) holdsBack = true
      if (more) break
    }
    this.#write(batch, more || holdsBack ? this.#position : this.#durablePosition)
    return more
  }

  /** Rows with a digest from `from` on, in byte order; at least one unless there are none, at most `limit`. */
  page(from: string, limit: number): { readonly digest: Digest; readonly row: ChunkRow }[] {
    const stored = this.#index.page(from, limit)
    const end = stored.length < limit ? undefined : stored.at(-1)?.digest
    const rows = stored.filter(entry => !this.#pending.has(entry.digest))
    for (const [digest, { row }] of this.#pending) {
      if (row !== undefined && digest >= from && (end === undefined || digest <= end)) rows.push({ digest, row })
    }
    rows.sort((a, b) => (a.digest < b.digest ? -1 : 1))
    const more = end !== undefined
    return rows.length === 0 && more ? this.page(`${end}\0`, limit) : rows
  }

  /** True once the index was checked in full since it was opened. */
  get isVerified(): boolean {
    return this.#isVerified
  }

  /** True when the index checks in full; costs a pass over it. */
  verify(): boolean {
    this.#isVerified = this.#index.verify()
    return this.#isVerified
  }

  #write(batch: readonly (readonly [Digest, Pending])[], position: LogPosition): void {
    if (batch.length === 0 && position === this.#position) return
    const rows = batch.map(([digest, { row }]) => ({ digest, row }))
    rows.sort((a, b) => (a.digest < b.digest ? -1 : 1)) // neighbours share pages of the index
    const befores = rows.map(({ digest }) => this.#index.get(digest))
    for (const [number, { row }] of rows.entries()) this.#flushed.change(befores[number], row)
    try {
      this.#index.write({ rows, summary: JSON.stringify({ position, tally: this.#flushed }) })
    } catch (error) {
      for (const [number, { row }] of rows.entries()) this.#flushed.change(row, befores[number])
      throw error
    }
    this.#position = position
    for (const [digest, { row }] of batch) {
      this.#pending.delete(digest)
      if (row !== undefined) this.#hot.set(digest, row)
    }
  }
}

interface Pending {
  readonly row: ChunkRow | undefined
  /** When the row was last changed; it is durable when this epoch is. */
  readonly epoch: number
  /** When it was first changed since it was last in the index. */
  readonly firstEpoch: number
}
