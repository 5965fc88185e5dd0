import type { DescMessage, MessageShape } from '@bufbuild/protobuf'
import { isFault, readBeU64 } from '#base'
import { leaseOf, revisionOf } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import { spanOf } from '../key-set.ts'
import type {
  Keyspace,
  KeyspaceStatus,
  KeyspaceTrouble,
  KeyValue,
  LeaseId,
  LogRecord,
  RangeRequest,
  RangeResult,
  Revision,
  Txn,
  TxnResult,
  WatchBatch,
  WatchRequest,
} from '../keyspace.ts'
import { ETCD_KEEP_ALIVE, ETCD_PAGE_BYTES, ETCD_PAGE_ENTRIES, ETCD_PROGRESS_MS, LEASE_TTL_MS_MAX } from '../limits.ts'
import { checkTxn } from '../txn.ts'
import { TaskScope, waitFor } from '../waiting.ts'
import type { Watcher } from '../watch-hub.ts'
import { type Call, Cluster } from './cluster.ts'
import { keepHistoryShort } from './compactor.ts'
import { ETCD_ROOM } from './failure.ts'
import { Leases } from './leases.ts'
import { Messages } from './messages.ts'
import type { EtcdOptions } from './open.ts'
import { recordsOf } from './records.ts'
import { Maintenance } from './proto/lease-pb.ts'
import { KV } from './proto/txn-pb.ts'
import { WatchStream } from './watch-stream.ts'

/** A keyspace in etcd; see `openEtcdKeyspace`, which begins it. */
export class EtcdKeyspace implements Keyspace {
  readonly #cluster: Cluster
  readonly #messages: Messages
  readonly #watches: WatchStream
  readonly #leases: Leases
  readonly #tasks: TaskScope
  readonly #options: EtcdOptions
  /** The newest revision etcd has spoken of to us. */
  #seen = revisionOf(0)
  /** Ranges of this revision were refused as compacted; the oldest that is kept is a later one. */
  #gone = revisionOf(0)
  /** Ranges of this revision were answered when somebody asked last. */
  #kept = revisionOf(0)
  #isClosed = false

  constructor(options: EtcdOptions) {
    const { world, endpoints, tls = {}, keepAlive = ETCD_KEEP_ALIVE, login, progressMs = ETCD_PROGRESS_MS } = options
    this.#options = options
    this.#cluster = new Cluster(world, { endpoints, tls, keepAlive, login })
    this.#messages = new Messages(options.prefix)
    this.#leases = new Leases(world, this.#cluster)
    const seen = (revision: Revision): void => void this.#see(revision)
    this.#watches = new WatchStream({ world, cluster: this.#cluster, messages: this.#messages, progressMs, seen })
    this.#tasks = new TaskScope(error => world.log.warn('keyspace: compaction of etcd ended', { why: String(error) }))
  }

  /** Looks whether etcd is there and new enough. */
  async begin(signal: AbortSignal): Promise<void> {
    const { version } = await this.#call({ method: Maintenance.method.status, message: {}, twiceIsOnce: true }, signal)
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major < 3 || (major === 3 && minor < 4)) {
      throw keyspaceFault('OldServer', `etcd is of version ${version}; needed is 3.4 or newer`)
    }
    const { world, historyMs } = this.#options
    await this.#newest(signal)
    if (historyMs !== undefined) {
      this.#tasks.run(ending => keepHistoryShort({ keyspace: this, world, historyMs }, ending))
    }
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    const { limit = Number.MAX_SAFE_INTEGER, want } = request
    if (want === 'count' || limit <= ETCD_PAGE_ENTRIES) return this.#page(request, signal)
    const entries: KeyValue[] = []
    let { start, end } = spanOf(request.keys)
    let pageLimit = ETCD_PAGE_ENTRIES
    let first: Revision | undefined
    for (;;) {
      const asked = Math.min(pageLimit, limit - entries.length)
      const keys = { kind: 'range', start, end } as const
      const page = await this.#page({ ...request, keys, revision: request.revision ?? first, limit: asked }, signal)
      first ??= page.revision
      for (const entry of page.entries) entries.push(entry)
      const last = page.entries.at(-1)
      const isCut = page.more && entries.length >= limit
      if (last === undefined || !page.more || isCut) {
        return { revision: first, entries, count: isCut ? 0 : entries.length, more: isCut }
      }
      if (request.order === 'descending') end = last.key
      else start = `${last.key}\0`
      pageLimit = nextLimit(page.entries)
    }
  }

  async txn(request: Txn, signal: AbortSignal): Promise<TxnResult> {
    signal.throwIfAborted()
    checkTxn(request)
    const message = this.#messages.txn(request)
    // Not aborted with the caller: what was handed over still commits.
    const sent = this.#call({ method: KV.method.txn, message, twiceIsOnce: false }, this.#tasks.signal)
    const { header, succeeded, responses } = await waitFor(sent, signal)
    const revision = this.#see(revisionOf(Number(header?.revision ?? 0n)))
    const operations = succeeded ? request.then : (request.otherwise ?? [])
    const results = responses.flatMap((response, i) => {
      const operation = operations[i]
      return operation === undefined ? [] : [this.#messages.result(operation, response, revision)]
    })
    return { succeeded, revision, results }
  }

  async sync(revision: Revision, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    // etcd answers when most members have synced it.
    if (revision <= this.#seen) return
    const newest = await this.#newest(signal)
    if (revision > newest) throw future(revision, newest)
  }

  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchBatch> {
    this.#checkOpen()
    const { keys, previous = false } = request
    const from = request.from ?? revisionOf(this.#seen + 1)
    const wanted = { keys, previous, from, isFromNow: request.from === undefined }
    const attach = (): Watcher => this.#watches.attach(wanted)
    return batches(attach, signal)
  }

  records(from: Revision, signal: AbortSignal): AsyncIterable<LogRecord> {
    return recordsOf(this.watch({ keys: { kind: 'prefix', prefix: '' }, from }, signal))
  }

  async compact(revision: Revision, signal: AbortSignal): Promise<void> {
    const call = { method: KV.method.compact, message: { revision: BigInt(revision) }, twiceIsOnce: true }
    try {
      await this.#call(call, signal)
    } catch (error) {
      // etcd refuses to compact twice at one revision, which is also what a call made again looks like.
      if (!isFault(error, 'Compacted')) throw error
      await this.#page({ keys: { kind: 'key', key: '\0' }, revision, want: 'count' }, signal)
    }
  }

  grant(ttlMs: number, signal: AbortSignal): Promise<LeaseId> {
    if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > LEASE_TTL_MS_MAX) {
      throw keyspaceFault('InvalidLease', `a lease has 1 to ${LEASE_TTL_MS_MAX} ms, not ${ttlMs}`)
    }
    // Half of 2^53 ids: a number holds them all, and two servers do not choose the same.
    const lease = leaseOf(
      readBeU64(`\0${Buffer.from(this.#options.world.entropy.bytes(7)).toString('latin1')}`) % 2 ** 52,
    )
    return this.#leases.grant(lease, ttlMs, signal)
  }

  keepAlive(lease: LeaseId, signal: AbortSignal): Promise<number> {
    return this.#leases.keepAlive(lease, signal)
  }

  revoke(lease: LeaseId, signal: AbortSignal): Promise<void> {
    return this.#leases.revoke(lease, signal)
  }

  async status(signal: AbortSignal): Promise<KeyspaceStatus> {
    const { dbSize, errors } = await this.#call(
      { method: Maintenance.method.status, message: {}, twiceIsOnce: true },
      signal,
    )
    const all = { keys: { kind: 'prefix', prefix: '' }, want: 'count' } as const
    const { revision, count } = await this.#page(all, signal)
    const compactRevision = await this.#oldest(revision, signal)
    return {
      revision,
      durableRevision: revision,
      compactRevision,
      keys: count,
      bytes: Number(dbSize),
      troubles: errors.map(troubleOf),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#watches.end(keyspaceFault('Closed', 'the keyspace is closed'))
    await this.#watches[Symbol.asyncDispose]()
    await this.#tasks[Symbol.asyncDispose]()
    this.#cluster[Symbol.dispose]()
  }

  async #page(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    const message = this.#messages.range(request)
    try {
      const response = await this.#call({ method: KV.method.range, message, twiceIsOnce: true }, signal)
      const revision = this.#see(revisionOf(Number(response.header?.revision ?? 0n)))
      return this.#messages.rangeResult(request, response, revision)
    } catch (error) {
      const gone = isFault(error, 'Compacted') && request.revision !== undefined
      if (gone) this.#gone = revisionOf(Math.max(this.#gone, request.revision))
      throw error
    }
  }

  async #newest(signal: AbortSignal): Promise<Revision> {
    return (await this.#page({ keys: { kind: 'key', key: '\0' }, want: 'count' }, signal)).revision
  }

  /** etcd does not tell what it has compacted: the oldest revision it answers for is found by halving. */
  async #oldest(newest: Revision, signal: AbortSignal): Promise<Revision> {
    const isKept = this.#kept > 0 && (await this.#answersFor(this.#kept, signal))
    let good = isKept ? this.#kept : newest
    while (good - this.#gone > 1) {
      const middle = revisionOf(Math.floor((this.#gone + good) / 2))
      if (await this.#answersFor(middle, signal)) good = middle
    }
    this.#kept = good
    return revisionOf(good <= 1 ? 0 : good)
  }

  async #answersFor(revision: Revision, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#page({ keys: { kind: 'key', key: '\0' }, revision, want: 'count' }, signal)
      return true
    } catch (error) {
      if (isFault(error, 'Compacted')) return false
      throw error
    }
  }

  #see(revision: Revision): Revision {
    if (revision > this.#seen) this.#seen = revision
    return revision
  }

  #call<Input extends DescMessage, Output extends DescMessage>(
    call: Call<Input, Output>,
    signal: AbortSignal,
  ): Promise<MessageShape<Output>> {
    this.#checkOpen()
    return this.#cluster.call(call, signal)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw keyspaceFault('Closed', 'the keyspace is closed')
  }
}

/** As many entries as make up a page, judged by the last one. */
function nextLimit(page: readonly KeyValue[]): number {
  const bytes = page.reduce((sum, entry) => sum + entry.key.length + entry.value.byteLength, 1)
  return Math.min(Math.max(Math.floor((page.length * ETCD_PAGE_BYTES) / bytes), 1), 10 * ETCD_PAGE_ENTRIES)
}

async function* batches(attach: () => Watcher, signal: AbortSignal): AsyncGenerator<WatchBatch> {
  signal.throwIfAborted()
  const watcher = attach()
  try {
    for (;;) yield* await watcher.take(signal)
  } finally {
    watcher.close()
  }
}

// Such as `memberID:10276657743932975437 alarm:NOSPACE ` (etcd 3.4, etcdserver/api/v3rpc/maintenance.go).
function troubleOf(error: string): KeyspaceTrouble {
  if (!error.includes('alarm:NOSPACE')) return { what: `etcd says: ${error.trim()}`, remedy: 'See etcdctl alarm list.' }
  return { what: 'etcd has no more room and refuses all writes', remedy: ETCD_ROOM }
}

function future(revision: Revision, newest: Revision): Error {
  return keyspaceFault('FutureRevision', `revision ${revision} has not been committed; the newest is ${newest}`)
}
