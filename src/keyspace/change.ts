import type { ByteString } from '#base'
import type { KeyValue, LeaseId, Revision } from './keyspace.ts'

/** An entry on its way into the log; only the encoder replaces its value, by its own copy. */
type Entry = { -readonly [Name in keyof KeyValue]: KeyValue[Name] }

/** A key put: the whole entry as it is afterwards, so that applying it twice or late does no harm. */
export interface PutChange {
  readonly kind: 'put'
  readonly entry: Entry
  readonly previous: KeyValue | undefined
}

/** A key that was there and is no longer. */
export interface DeleteChange {
  readonly kind: 'delete'
  readonly key: ByteString
  readonly revision: Revision
  readonly previous: KeyValue | undefined
}

/** What one revision did to keys and leases. */
export type Change =
  | PutChange
  | DeleteChange
  | { readonly kind: 'grant'; readonly lease: LeaseId; readonly ttlMs: number }
  | { readonly kind: 'end'; readonly lease: LeaseId }

/** A number known to be a revision. */
export function revisionOf(value: number): Revision {
  return value as Revision
}

/** A number known to name a lease. */
export function leaseOf(value: number): LeaseId {
  return value as LeaseId
}
