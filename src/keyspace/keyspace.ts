import type { Brand, ByteString } from '#base'

/** The keyspace's one counter: every committed transaction that changes something adds 1 (more in an etcd shared with others). 0 = empty. */
export type Revision = Brand<number, 'Revision'>

/** Names a lease for puts, keep-alive and revocation; unique in one keyspace, never reused. */
export type LeaseId = Brand<number, 'LeaseId'>

/** A key as stored. Keys are byte strings of 1 to KEY_BYTES_MAX bytes and compare in byte order. */
export interface KeyValue {
  readonly key: ByteString
  readonly value: Uint8Array
  /** Revision that created this key (again, after a delete). */
  readonly createRevision: Revision
  /** Revision of the last put. */
  readonly modRevision: Revision
  /** Puts since creation; 1 after the first. */
  readonly version: number
  /** The lease whose end deletes the key; undefined when it stays. */
  readonly lease: LeaseId | undefined
}

/** Keys asked for: one key, `[start, end)`, or all that start with a prefix. `end` undefined means no upper bound. */
export type KeySet =
  | { readonly kind: 'key'; readonly key: ByteString }
  | { readonly kind: 'range'; readonly start: ByteString; readonly end: ByteString | undefined }
  | { readonly kind: 'prefix'; readonly prefix: ByteString }

export interface RangeRequest {
  readonly keys: KeySet
  /** Reads as of this revision; the newest when undefined. Faults: Compacted, FutureRevision. */
  readonly revision?: Revision | undefined
  /** At most this many entries; all when undefined. */
  readonly limit?: number | undefined
  /** By key. `ascending` when undefined. */
  readonly order?: 'ascending' | 'descending' | undefined
  /** `count` fills only `count`; `keys` leaves the values empty. */
  readonly want?: 'entries' | 'keys' | 'count' | undefined
}

export interface RangeResult {
  /** The keyspace's revision when the range was read. */
  readonly revision: Revision
  readonly entries: readonly KeyValue[]
  /** Keys in the set, whatever the limit; only filled for `want: 'count'` and when `more` is false. */
  readonly count: number
  /** True when the limit cut the answer. */
  readonly more: boolean
}

/** A condition of a transaction on one key. A missing key has create and mod revision 0, version 0 and no value. */
export type Compare = { readonly key: ByteString; readonly is: 'equal' | 'notEqual' | 'less' | 'greater' } & (
  | { readonly field: 'createRevision' | 'modRevision' | 'version' | 'lease'; readonly to: number }
  | { readonly field: 'value'; readonly to: Uint8Array }
)

export type Operation =
  | {
      readonly kind: 'put'
      readonly key: ByteString
      readonly value: Uint8Array
      readonly lease?: LeaseId | undefined
      /** The caller knows that the key is not there: nothing is looked up, and the entry begins at version 1. */
      readonly isNew?: boolean | undefined
    }
  | { readonly kind: 'delete'; readonly keys: KeySet }
  | { readonly kind: 'range'; readonly range: RangeRequest }

/**
 * If every compare holds, `then` runs, else `otherwise`, in order and as one revision. At most TXN_OPERATIONS_MAX
 * operations in each list; a key is put or deleted at most once in a transaction (etcd's rule).
 */
export interface Txn {
  readonly compare?: readonly Compare[] | undefined
  readonly then: readonly Operation[]
  readonly otherwise?: readonly Operation[] | undefined
}

export type OperationResult =
  | { readonly kind: 'put' }
  | { readonly kind: 'delete'; readonly deleted: number }
  | { readonly kind: 'range'; readonly range: RangeResult }

export interface TxnResult {
  /** True when all compares held. */
  readonly succeeded: boolean
  /** The keyspace's revision after the transaction; unchanged when it changed nothing. */
  readonly revision: Revision
  readonly results: readonly OperationResult[]
}

export interface WatchRequest {
  readonly keys: KeySet
  /** The first revision wanted; the next one to come when undefined. Faults: Compacted. */
  readonly from?: Revision | undefined
  /** Carry the entry as it was before each event, where history still has it. */
  readonly previous?: boolean | undefined
}

export type KeyEvent =
  | { readonly kind: 'put'; readonly entry: KeyValue; readonly previous: KeyValue | undefined }
  | {
      readonly kind: 'delete'
      readonly key: ByteString
      readonly revision: Revision
      readonly previous: KeyValue | undefined
    }

/** All events of the watched keys of one or more whole revisions, in order; a revision is never split. */
export interface WatchBatch {
  /** Everything up to and including this revision has been delivered. */
  readonly revision: Revision
  /** Empty for progress only. */
  readonly events: readonly KeyEvent[]
}

/** One committed revision as the log holds it: what standbys and replication follow. */
export interface LogRecord {
  readonly revision: Revision
  readonly bytes: Uint8Array
}

export interface KeyspaceStatus {
  readonly revision: Revision
  /** All revisions up to this one survive a power cut here. */
  readonly durableRevision: Revision
  /** The oldest revision that ranges and watches can still ask for. */
  readonly compactRevision: Revision
  readonly keys: number
  /** Bytes on disk of log and index; 0 for `memory`. */
  readonly bytes: number
  /** What keeps the server of the keyspace from working as it should; none when undefined. */
  readonly troubles?: readonly KeyspaceTrouble[] | undefined
}

/** What is wrong, and what helps. */
export interface KeyspaceTrouble {
  readonly what: string
  readonly remedy: string
}

/**
 * A watchable, ordered, revisioned key-value store with the semantics of etcd v3 (etcd.io/docs/v3.4/learning/api).
 * `txn` is ordered and visible here when it resolves, durable only when `sync` of its revision resolves.
 * Faults: see `faults.ts`. Aborting a signal ends the caller's wait; a transaction already handed over still commits.
 */
export interface Keyspace extends AsyncDisposable {
  range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult>
  txn(request: Txn, signal: AbortSignal): Promise<TxnResult>
  /** Resolves when every revision up to this one is durable. */
  sync(revision: Revision, signal: AbortSignal): Promise<void>
  /**
   * History from `from`, then live events: in order, no gap, no duplicate. A watcher that falls more than
   * WATCH_BACKLOG_MAX events behind is ended with the fault SlowWatcher, which says where to resume.
   */
  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchBatch>
  /** Forgets history before `revision`, in small steps. Faults: Compacted, FutureRevision. */
  compact(revision: Revision, signal: AbortSignal): Promise<void>
  /** Makes a lease that ends `ttlMs` after its last keep-alive; its keys are deleted then. etcd rounds up, to 2 s at least. */
  grant(ttlMs: number, signal: AbortSignal): Promise<LeaseId>
  /** Starts the lease's time anew and returns its TTL. Faults: LeaseNotFound. */
  keepAlive(lease: LeaseId, signal: AbortSignal): Promise<number>
  /** Ends a lease now and deletes its keys in one revision. Faults: LeaseNotFound. */
  revoke(lease: LeaseId, signal: AbortSignal): Promise<void>
  /** The log's records from a revision on, then live ones. Faults: Compacted. */
  records(from: Revision, signal: AbortSignal): AsyncIterable<LogRecord>
  status(signal: AbortSignal): Promise<KeyspaceStatus>
}

/**
 * What the owner of a keyspace in the same process may do without waiting. `commit` has been handed to the operating
 * system when it returns (it survives the end of this process, not a power cut).
 */
export interface LocalKeyspace extends Keyspace {
  /** The entry under a key, newest revision. */
  get(key: ByteString): KeyValue | undefined
  rangeNow(request: RangeRequest): RangeResult
  commit(request: Txn): TxnResult
  readonly revision: Revision
}
