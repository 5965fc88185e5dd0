import type { ByteString } from '#base'
import { type Change, revisionOf } from './change.ts'
import { keyspaceFault } from './faults.ts'
import type { Span } from './key-set.ts'
import type { KeyValue, LeaseId, Revision } from './keyspace.ts'
import { CHECKPOINT_BLOCK_BYTES, COMPACT_ROWS } from './limits.ts'
import { decodeChanges, revisionOfRecord, splitRecords } from './record.ts'
import { decodeRows, encodeRows, rowBytes } from './row-block.ts'
import type { IndexFactory, IndexState, RestoredState, RowBlock, RowIndex, RowQuery } from './row-index.ts'
import { VersionMap } from './version-map.ts'

/** An index in memory: empty at every open, so the log and the checkpoint fill it. */
export const memoryIndex: IndexFactory = {
  open: place => Promise.resolve(new MemoryIndex(place.keepHistory)),
  remove: () => undefined,
}

const everything: Span = { start: '', end: undefined }

/** Rows in memory, all versions of a key in one chain. */
export class MemoryIndex implements RowIndex {
  #applied = revisionOf(0)
  #compacted = revisionOf(0)
  #keys = 0
  readonly #leases = new Map<LeaseId, number>()
  readonly #keepHistory: boolean
  readonly #rows = new VersionMap()
  readonly #superseded: { readonly key: ByteString; readonly revision: Revision }[] = []

  constructor(keepHistory: boolean) {
    this.#keepHistory = keepHistory
  }

  get state(): IndexState {
    const leases = [...this.#leases].map(([lease, ttlMs]) => ({ lease, ttlMs }))
    return { applied: this.#applied, compacted: this.#compacted, keys: this.#keys, leases, clean: true }
  }

  get(key: ByteString): KeyValue | undefined {
    return this.#rows.newest(key)?.entry
  }

  range(query: RowQuery): KeyValue[] {
    const rows: KeyValue[] = []
    if (query.limit === 0) return rows
    for (const [, version] of this.#rows.scan(query, query.descending, query.revision)) {
      if (version.entry !== undefined) rows.push(version.entry)
      if (rows.length === query.limit) break
    }
    return rows
  }

  count(span: Span, revision: Revision | undefined): number {
    let count = 0
    for (const [, version] of this.#rows.scan(span, false, revision)) if (version.entry !== undefined) count += 1
    return count
  }

  countOf(keys: readonly ByteString[], revision: Revision | undefined): number {
    return keys.filter(key => this.#rows.at(key, revision)?.entry !== undefined).length
  }

  snapshot<Value>(reads: () => Value): Value {
    return reads()
  }

  leased(): { key: ByteString; lease: LeaseId }[] {
    const rows: { key: ByteString; lease: LeaseId }[] = []
    for (const [key, version] of this.#rows.scan(everything, false, undefined)) {
      if (version.entry?.lease !== undefined) rows.push({ key, lease: version.entry.lease })
    }
    return rows
  }

  apply(records: Uint8Array): Promise<void> {
    // A copy, so that an entry never keeps more of the caller's memory than its own batch.
    for (const record of splitRecords(Uint8Array.from(records))) {
      const revision = revisionOfRecord(record)
      for (const change of decodeChanges(record)) this.#applyChange(change, revision)
      this.#applied = revisionOf(Math.max(this.#applied, revision))
    }
    return Promise.resolve()
  }

  compact(revision: Revision): Promise<boolean> {
    const rows = this.#superseded
    this.#compacted = revisionOf(Math.max(this.#compacted, revision))
    let steps = 0
    while (steps < COMPACT_ROWS && steps < rows.length && (rows[steps]?.revision ?? 0) <= revision) steps += 1
    for (const { key } of rows.splice(0, steps)) this.#rows.compact(key, revision)
    return Promise.resolve(steps < COMPACT_ROWS)
  }

  dump(after: ByteString | undefined): Promise<RowBlock | undefined> {
    const rows: KeyValue[] = []
    let bytes = 0
    for (const [, { entry }] of this.#rows.scan(
      { start: after === undefined ? '' : `${after}\0`, end: undefined },
      false,
      undefined,
    )) {
      if (entry === undefined) continue
      rows.push(entry)
      bytes += rowBytes(entry)
      if (bytes >= CHECKPOINT_BLOCK_BYTES) break
    }
    const last = rows.at(-1)
    return Promise.resolve(last === undefined ? undefined : { bytes: encodeRows(rows), last: last.key })
  }

  load(block: Uint8Array, state: RestoredState | undefined): Promise<void> {
    const rows = decodeRows(block)
    if (rows === undefined) throw keyspaceFault('CheckpointDamaged', 'a block of a checkpoint is damaged')
    for (const entry of rows) this.#rows.put(entry.key, { revision: entry.modRevision, entry }, false)
    this.#keys += rows.length
    if (state === undefined) return Promise.resolve()
    this.#applied = state.applied
    this.#compacted = state.compacted
    for (const { lease, ttlMs } of state.leases) this.#leases.set(lease, ttlMs)
    return Promise.resolve()
  }

  verify(): Promise<void> {
    return Promise.resolve()
  }

  bytes(): number {
    return 0
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #applyChange(change: Change, revision: Revision): void {
    if (change.kind === 'grant') this.#leases.set(change.lease, change.ttlMs)
    if (change.kind === 'end') this.#leases.delete(change.lease)
    if (change.kind === 'grant' || change.kind === 'end') return
    const key = change.kind === 'put' ? change.entry.key : change.key
    const entry = change.kind === 'put' ? change.entry : undefined
    const before = this.#rows.newest(key)
    if (before !== undefined && before.revision >= revision) return
    if (entry === undefined && before?.entry === undefined) return
    this.#keys += (entry === undefined ? 0 : 1) - (before?.entry === undefined ? 0 : 1)
    this.#rows.put(key, { revision, entry }, this.#keepHistory)
    if (this.#keepHistory) this.#superseded.push({ key, revision })
    else if (entry === undefined) this.#rows.dropThrough(key, revision)
  }
}
