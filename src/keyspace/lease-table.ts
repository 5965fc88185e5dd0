import type { ByteString } from '#base'
import type { Change } from './change.ts'
import { keyspaceFault } from './faults.ts'
import type { LeaseId } from './keyspace.ts'
import type { LeaseRow } from './row-index.ts'

interface Lease {
  readonly ttlMs: number
  readonly keys: Set<ByteString>
  endsAtMs: number
}

/** Leases, the keys each one holds and when they end, by monotonic time of this process. */
export class LeaseTable {
  readonly #leases = new Map<LeaseId, Lease>()

  get size(): number {
    return this.#leases.size
  }

  has(lease: LeaseId): boolean {
    return this.#leases.has(lease)
  }

  /** Takes leases that were stored; their time begins anew in full. */
  restore(
    rows: readonly LeaseRow[],
    keys: readonly { readonly key: ByteString; readonly lease: LeaseId }[],
    nowMs: number,
  ): void {
    for (const { lease, ttlMs } of rows) this.#leases.set(lease, { ttlMs, keys: new Set(), endsAtMs: nowMs + ttlMs })
    for (const { key, lease } of keys) this.#leases.get(lease)?.keys.add(key)
  }

  /** Follows what a revision did. */
  apply(change: Change, nowMs: number): void {
    if (change.kind === 'grant') {
      this.#leases.set(change.lease, { ttlMs: change.ttlMs, keys: new Set(), endsAtMs: nowMs + change.ttlMs })
      return
    }
    if (change.kind === 'end') {
      this.#leases.delete(change.lease)
      return
    }
    const key = change.kind === 'put' ? change.entry.key : change.key
    const lease = change.kind === 'put' ? change.entry.lease : undefined
    const before = change.previous?.lease
    if (before !== undefined && before !== lease) this.#leases.get(before)?.keys.delete(key)
    if (lease !== undefined) this.#leases.get(lease)?.keys.add(key)
  }

  /** Starts a lease's time anew; returns its TTL. Faults: LeaseNotFound. */
  keepAlive(id: LeaseId, nowMs: number): number {
    const lease = this.#find(id)
    lease.endsAtMs = nowMs + lease.ttlMs
    return lease.ttlMs
  }

  /** The keys of a lease. Faults: LeaseNotFound. */
  keysOf(id: LeaseId): ByteString[] {
    return [...this.#find(id).keys]
  }

  /** Leases whose time is over. */
  ended(nowMs: number): LeaseId[] {
    return [...this.#leases].filter(([, lease]) => lease.endsAtMs <= nowMs).map(([id]) => id)
  }

  /** When the next lease ends; undefined when there is none. */
  nextEndMs(): number | undefined {
    let next: number | undefined
    for (const lease of this.#leases.values()) next = Math.min(next ?? lease.endsAtMs, lease.endsAtMs)
    return next
  }

  /** Every lease as it is stored. */
  rows(): LeaseRow[] {
    return [...this.#leases].map(([lease, { ttlMs }]) => ({ lease, ttlMs }))
  }

  #find(id: LeaseId): Lease {
    const lease = this.#leases.get(id)
    if (lease === undefined) throw keyspaceFault('LeaseNotFound', `lease ${id} does not exist or has ended`)
    return lease
  }
}
