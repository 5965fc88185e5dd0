import { type ByteString, isFault, Turns, type World, whyOf } from '#base'
import { Applier } from './applier.ts'
import { type Change, leaseOf, revisionOf } from './change.ts'
import type { CommitLog } from './commit-log.ts'
import { keyspaceFault } from './faults.ts'
import { History, type HistoryKept } from './history.ts'
import type {
  KeyEvent,
  KeyspaceStatus,
  KeyValue,
  LeaseId,
  LocalKeyspace,
  LogRecord,
  RangeRequest,
  RangeResult,
  Revision,
  Txn,
  TxnResult,
  WatchBatch,
  WatchRequest,
} from './keyspace.ts'
import { LeaseTable } from './lease-table.ts'
import { APPLY_BYTES, LEASE_TTL_MS_MAX, OVERLAY_BYTES_MAX, OVERLAY_BYTES_SOFT, RANGE_STEP_KEYS } from './limits.ts'
import { compacted } from './log/cursor.ts'
import { encodeRecord } from './record.ts'
import type { RowIndex } from './row-index.ts'
import { answerRange, type RangeBegun, type Rows, rowAt } from './rows.ts'
import { planTxn, type TxnView } from './txn.ts'
import { VersionMap } from './version-map.ts'
import { SharedRun, sleepUntilWoken, TaskScope, waitFor } from './waiting.ts'
import { WatchHub } from './watch-hub.ts'
import { type WatchSource, watchEvents, watchRecords } from './watch.ts'

/** What a keyspace is made of. */
export interface EngineParts {
  readonly world: World
  /** Everything the index does not have has been applied to it. */
  readonly log: CommitLog
  readonly index: RowIndex
  readonly history: HistoryKept
  readonly syncEveryMs: number
  readonly beforeSync: () => Promise<void>
  /** Brings everything up to a revision to other machines; undefined: there are none. */
  readonly shipped?: ((target: Revision) => Promise<void>) | undefined
  /** Runs after the index took some records, such as to write a checkpoint. */
  readonly maintain: (signal: AbortSignal) => Promise<void>
  /** The oldest revision whose record must stay in the log whatever the history. */
  readonly logNeeded: () => Revision
  /** Hears that the index is not to be trusted. */
  readonly indexDamaged: (error: unknown) => void
  /** Hears once why nothing more is committed until the keyspace is opened again. */
  readonly failed: (error: Error) => void
  /** Closes what the parts share with nobody else. */
  readonly closed: (clean: boolean) => Promise<void>
}

/** Makes a running keyspace of its parts. */
export function openEngine(parts: EngineParts): LocalKeyspace {
  return new Engine(parts)
}

/** The multi-version core that every local keyspace shares: commits, ranges, watches, leases, compaction. */
class Engine implements LocalKeyspace {
  readonly #parts: EngineParts
  readonly #log: CommitLog
  readonly #rows: Rows
  readonly #applier: Applier
  readonly #hub = new WatchHub()
  readonly #turns: Turns
  readonly #leases = new LeaseTable()
  readonly #history: History
  readonly #tasks: TaskScope
  readonly #sync = new SharedRun(() => this.#syncLog())
  readonly #apply = new SharedRun(() => this.#applyDurable())
  readonly #maintain: SharedRun
  readonly #view: TxnView
  #keys: number
  /** Everything up to it is durable here and wherever it was to be. */
  #safe: Revision
  #ticking = false
  #draining = false
  #leasesWatched = false
  #leaseWake = new AbortController()
  #failure: Error | undefined
  revision: Revision

  constructor(parts: EngineParts) {
    const { log, index, world } = parts
    this.#parts = parts
    this.#turns = Turns.of(world.clock)
    this.#log = log
    this.#rows = { overlay: new VersionMap(), index }
    this.#history = new History(parts.history, world.clock, revisionOf(Math.max(index.state.compacted, log.first - 1)))
    this.#applier = new Applier(this.#rows.overlay, index, this.#history.kept)
    this.#tasks = new TaskScope(error => this.#taskFailed(error))
    this.#maintain = new SharedRun(() => parts.maintain(this.#tasks.signal))
    this.revision = log.last
    this.#history.reached(this.revision)
    this.#safe = parts.shipped === undefined ? log.durable : revisionOf(0)
    this.#keys = index.state.keys
    this.#leases.restore(index.state.leases, index.leased(), world.clock.monotonicMs())
    this.#view = {
      revision: this.revision,
      get: key => this.get(key),
      range: request => this.rangeNow(request),
      hasLease: lease => this.#leases.has(lease),
    }
    if (this.#leases.size > 0) this.#watchLeases()
  }

  get(key: ByteString): KeyValue | undefined {
    return this.#reading(() => rowAt(this.#rows, key, undefined))
  }

  rangeNow(request: RangeRequest): RangeResult {
    return this.#range(request, Number.POSITIVE_INFINITY).result
  }

  commit(request: Txn): TxnResult {
    this.#checkOpen()
    if (this.#applier.bytes > OVERLAY_BYTES_MAX) {
      throw keyspaceFault('Busy', 'the index is too far behind the commits', { hint: 'Try again in a second.' })
    }
    const plan = planTxn(request, { ...this.#view, revision: this.revision })
    if (plan.changes.length > 0) this.#write(plan.changes)
    return { succeeded: plan.succeeded, revision: this.revision, results: plan.results }
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    signal.throwIfAborted()
    const begun = this.#range(request, RANGE_STEP_KEYS)
    return begun.rest === undefined ? begun.result : await this.#goOn(request, begun, signal)
  }

  async txn(request: Txn, signal: AbortSignal): Promise<TxnResult> {
    signal.throwIfAborted()
    if (this.#applier.bytes > OVERLAY_BYTES_SOFT) await waitFor(this.#drain(), signal)
    return this.commit(request)
  }

  async sync(revision: Revision, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (revision > this.revision) throw this.#future(revision)
    if (this.#safe < revision) await waitFor(this.#sync.request(), signal)
  }

  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchBatch> {
    return watchEvents(this.#watchSource(), request, signal)
  }

  records(from: Revision, signal: AbortSignal): AsyncIterable<LogRecord> {
    return watchRecords(this.#watchSource(), from, signal)
  }

  async compact(revision: Revision, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (revision > this.revision) throw this.#future(revision)
    if (revision < this.#history.compacted) throw compacted(this.#history.compacted)
    this.#history.compactTo(revision)
    await waitFor(this.#drain(), signal)
  }

  grant(ttlMs: number, signal: AbortSignal): Promise<LeaseId> {
    return this.#answer(signal, () => {
      if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > LEASE_TTL_MS_MAX) {
        throw keyspaceFault('InvalidLease', `a lease has 1 to ${LEASE_TTL_MS_MAX} ms, not ${ttlMs}`)
      }
      this.#checkOpen()
      const lease = leaseOf(this.revision + 1)
      this.#write([{ kind: 'grant', lease, ttlMs }])
      return lease
    })
  }

  keepAlive(lease: LeaseId, signal: AbortSignal): Promise<number> {
    return this.#answer(signal, () => this.#leases.keepAlive(lease, this.#nowMs()))
  }

  revoke(lease: LeaseId, signal: AbortSignal): Promise<void> {
    return this.#answer(signal, () => this.#endLease(lease))
  }

  status(signal: AbortSignal): Promise<KeyspaceStatus> {
    return this.#answer(signal, () => ({
      revision: this.revision,
      durableRevision: this.#safe,
      compactRevision: this.#history.compacted,
      keys: this.#keys,
      bytes: this.#parts.index.bytes() + this.#log.bytes,
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isFault(this.#failure, 'Closed')) return
    const failed = this.#failure !== undefined
    await this.#tasks[Symbol.asyncDispose]()
    try {
      if (!failed) await this.#drain()
    } catch (error) {
      // What other machines do not have, the next opening brings there, or another home has gone on without it.
      if (this.#log.durable < this.revision) throw error
    } finally {
      const closed = keyspaceFault('Closed', 'the keyspace is closed')
      this.#failure = closed
      this.#hub.end(closed)
      await this.#apply.request().catch(() => undefined)
      this.#log.close()
      await this.#parts.closed(!failed)
    }
  }

  #range(request: RangeRequest, looksMax: number): RangeBegun {
    const { revision } = request
    if (revision !== undefined && revision > this.revision) throw this.#future(revision)
    if (revision !== undefined && revision < this.#history.compacted) throw compacted(this.#history.compacted)
    const asOf = revision === this.revision ? undefined : revision
    return this.#reading(() => answerRange(this.#rows, request, { revision: this.revision, asOf, looksMax }))
  }

  // As of the revision it began with. When that is compacted meanwhile, and nobody asked for it, all is read anew, and at once.
  async #goOn(request: RangeRequest, begun: RangeBegun, signal: AbortSignal): Promise<RangeResult> {
    const { revision } = begun.result
    const { limit = Number.MAX_SAFE_INTEGER } = request
    const entries = [...begun.result.entries]
    let { rest } = begun
    while (rest !== undefined) {
      await this.#turns.take(signal)
      if (request.revision === undefined && revision < this.#history.compacted) return this.rangeNow(request)
      const keys = { kind: 'range', ...rest } as const
      const left = { ...request, keys, revision: request.revision ?? revision, limit: limit - entries.length }
      const next = this.#range(left, RANGE_STEP_KEYS)
      entries.push(...next.result.entries)
      if (next.result.more) return { revision, entries, count: 0, more: true }
      rest = next.rest
    }
    return { revision, entries, count: entries.length, more: false }
  }

  // The log first: what cannot be written there is never visible.
  #write(changes: readonly Change[]): void {
    const revision = revisionOf(this.revision + 1)
    const record = encodeRecord(revision, changes)
    this.#append(record)
    this.revision = revision
    this.#applier.add(revision, record, changes)
    if (this.#leases.size > 0 || changes[0]?.kind === 'grant') this.#followLeases(changes)
    const events: KeyEvent[] = []
    for (const change of changes) {
      if (change.kind === 'put') this.#keys += change.entry.version === 1 ? 1 : 0
      if (change.kind === 'delete') this.#keys -= 1
      if (change.kind === 'put' || change.kind === 'delete') events.push(change)
    }
    this.#history.reached(revision)
    this.#hub.publish(revision, events)
    if (!this.#ticking) this.#startTick()
    if (this.#applier.bytes > APPLY_BYTES && !this.#draining) this.#drainSoon()
  }

  #followLeases(changes: readonly Change[]): void {
    const nowMs = this.#nowMs()
    for (const change of changes) this.#leases.apply(change, nowMs)
    if (changes.every(change => change.kind === 'put' || change.kind === 'delete')) return
    if (this.#leasesWatched) this.#leaseWake.abort()
    else this.#watchLeases()
  }

  #append(record: Buffer): void {
    try {
      this.#log.append(record)
    } catch (error) {
      if (!isFault(error, 'DiskFull')) this.#fail(error)
      throw error
    }
  }

  async #syncLog(): Promise<void> {
    const target = this.#log.last
    if (this.#safe === target) return
    try {
      await this.#parts.beforeSync()
    } catch (error) {
      if (!isForLater(error)) this.#fail(error)
      throw error
    }
    const shipped = this.#parts.shipped?.(target)
    shipped?.catch(() => undefined) // looked at once the disk here has it
    try {
      if (this.#log.durable < target) await this.#log.sync(target)
    } catch (error) {
      this.#fail(error)
      throw error
    }
    await shipped
    this.#safe = target
  }

  async #applyDurable(): Promise<void> {
    await this.#applier.flush(this.#log.durable)
    const target = this.#history.target()
    if (this.#history.kept && target > 0) {
      while (!(await this.#parts.index.compact(target)));
    }
    this.#trimLog()
  }

  #trimLog(): void {
    this.#log.trim(revisionOf(Math.min(this.#parts.logNeeded(), this.#history.compacted)))
  }

  /** Everything committed so far is durable and in the index. */
  async #drain(): Promise<void> {
    try {
      if (this.#safe < this.revision) await this.#sync.request()
    } finally {
      await this.#apply.request()
    }
  }

  #drainSoon(): void {
    this.#draining = true
    this.#tasks.run(() =>
      this.#drain().finally(() => {
        this.#draining = false
      }),
    )
  }

  // One timer while there is something to do, none when idle.
  #startTick(): void {
    this.#ticking = true
    this.#tasks.run(async signal => {
      await this.#parts.world.clock.sleep(this.#parts.syncEveryMs, signal)
      this.#ticking = false
      await this.#drain()
      await this.#maintain.request()
      this.#trimLog()
    })
  }

  #endLease(lease: LeaseId): void {
    this.#checkOpen()
    const revision = revisionOf(this.revision + 1)
    const changes: Change[] = this.#leases
      .keysOf(lease)
      .map(key => ({ kind: 'delete', key, revision, previous: this.get(key) }))
    this.#write([...changes, { kind: 'end', lease }])
  }

  // One timer while there are leases: it ends with the last one, and starts over when one comes or goes.
  #watchLeases(): void {
    this.#leasesWatched = true
    this.#tasks.run(async signal => {
      for (let next = this.#leases.nextEndMs(); next !== undefined; next = this.#leases.nextEndMs()) {
        this.#leaseWake = new AbortController()
        const waitMs = Math.max(next - this.#nowMs(), 1)
        await sleepUntilWoken(this.#parts.world.clock, waitMs, AbortSignal.any([signal, this.#leaseWake.signal]))
        signal.throwIfAborted()
        for (const lease of this.#leases.ended(this.#nowMs())) this.#endLease(lease)
      }
      this.#leasesWatched = false
    })
  }

  #watchSource(): WatchSource {
    const before = (key: ByteString, revision: Revision): KeyValue | undefined => {
      const known = revision >= this.#history.compacted
      return known ? this.#reading(() => rowAt(this.#rows, key, revision)) : undefined
    }
    return {
      hub: this.#hub,
      log: this.#log,
      recent: from => this.#applier.from(from),
      turns: this.#turns,
      compacted: () => this.#history.compacted,
      entryAt: before,
      failure: () => this.#failure,
    }
  }

  #taskFailed(error: unknown): void {
    this.#parts.world.log.warn('keyspace: background work failed', { error: whyOf(error) })
    if (isFault(error, 'OldEpoch')) return // whoever ships the log has heard of it
    // A full disk may have room again: the overlay holds what the index has not taken until then. So may other machines answer.
    if ((isFault(error, 'DiskFull') || isForLater(error)) && this.#failure === undefined) {
      if (!this.#ticking) this.#startTick()
      return
    }
    if (isFault(error, 'IndexDamaged')) this.#parts.indexDamaged(error)
    this.#fail(error)
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error instanceof Error ? error : new Error(String(error))
    this.#parts.failed(this.#failure)
  }

  #reading<Value>(read: () => Value): Value {
    if (isFault(this.#failure, 'Closed')) throw this.#failure
    try {
      return read()
    } catch (error) {
      if (isFault(error, 'IndexDamaged')) this.#parts.indexDamaged(error)
      throw error
    }
  }

  async #answer<Value>(signal: AbortSignal, answer: () => Value): Promise<Value> {
    signal.throwIfAborted()
    return answer()
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #future(revision: Revision): Error {
    return keyspaceFault(
      'FutureRevision',
      `revision ${revision} has not been committed; the newest is ${this.revision}`,
    )
  }

  #nowMs(): number {
    return this.#parts.world.clock.monotonicMs()
  }
}

// Other machines do not answer now: nothing here is broken.
function isForLater(error: unknown): boolean {
  return isFault(error) && error.retry === 'later' && error.status === UNAVAILABLE
}

const UNAVAILABLE = 503
