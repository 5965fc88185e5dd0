import type { ByteString, World } from '#base'
import type { Span } from './key-set.ts'
import type { KeyValue, LeaseId, Revision } from './keyspace.ts'

/** A lease as it is stored. */
export interface LeaseRow {
  readonly lease: LeaseId
  readonly ttlMs: number
}

/** What an index holds, as of its opening or its last finished call. */
export interface IndexState {
  /** Everything up to this revision is in the index. */
  readonly applied: Revision
  /** Ranges before this revision cannot be answered. */
  readonly compacted: Revision
  readonly keys: number
  readonly leases: readonly LeaseRow[]
  /** False after an end without `close`: the owner has it verified. */
  readonly clean: boolean
}

/** Rows asked of an index: `[start, end)` in one direction, as of a revision (the newest when undefined). */
export interface RowQuery extends Span {
  readonly descending: boolean
  readonly revision: Revision | undefined
  readonly limit: number
}

/** Current rows in key order, encoded by `row-block.ts`; `last` is where the next block goes on. */
export interface RowBlock {
  readonly bytes: Uint8Array
  readonly last: ByteString
}

/** A restored base: the log's records behind `applied` follow, and history begins at `compacted`. */
export type RestoredState = Pick<IndexState, 'applied' | 'compacted' | 'leases'>

/**
 * Rows by key: what the log said, in a form that can be asked. It may be lost at any time and is then rebuilt.
 * Reads answer at once. Faults of every method: IndexDamaged.
 */
export interface RowIndex {
  readonly state: IndexState
  get(key: ByteString): KeyValue | undefined
  range(query: RowQuery): KeyValue[]
  /** Keys in a span as of a revision. */
  count(span: Span, revision: Revision | undefined): number
  /** How many of some keys, each named once, it has as of a revision. */
  countOf(keys: readonly ByteString[], revision: Revision | undefined): number
  /** Runs some reads that all see the same moment. */
  snapshot<Value>(reads: () => Value): Value
  /** Every key that has a lease. */
  leased(): { readonly key: ByteString; readonly lease: LeaseId }[]
  /** Applies whole log records, one behind the other, all or none; those applied before do no harm. */
  apply(records: Uint8Array): Promise<void>
  /** Forgets some superseded rows that no range at `revision` sees; true when none are left. */
  compact(revision: Revision): Promise<boolean>
  /** Some current rows behind a key, with whatever has been applied by then; undefined behind the last. */
  dump(after: ByteString | undefined): Promise<RowBlock | undefined>
  /** Takes rows of a dump into an empty index; the call with a state is the last. */
  load(rows: Uint8Array, state: RestoredState | undefined): Promise<void>
  /** Reads everything once. */
  verify(signal: AbortSignal): Promise<void>
  bytes(): number
  /** Closes it; `clean` is what the next {@link IndexState} says. */
  close(clean: boolean): Promise<void>
}

/** Where an index lives and whether it keeps superseded rows. */
export interface IndexPlace {
  readonly world: World
  readonly folder: string
  readonly keepHistory: boolean
}

/** Makes indexes of one kind. */
export interface IndexFactory {
  /** Opens or creates the index. Faults: IndexDamaged, NewerVersion. */
  open(place: IndexPlace): Promise<RowIndex>
  /** Removes the index of a folder; fine when there is none. */
  remove(place: IndexPlace): void
}
