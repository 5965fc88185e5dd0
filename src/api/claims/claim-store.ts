import type { ByteString } from '#base'
import type { Keyspace, Operation } from '#keyspace'
import type { Claim, ClaimPool } from '#schema'
import { LIST_PAGE } from '../limits.ts'
import { CLAIMS, claimKey, poolPrefix } from './claim-keys.ts'

/** A claim as it lies in the keyspace. */
export interface StoredClaim {
  readonly key: ByteString
  readonly revision: number
  /** `NAMESPACE/NAME`. */
  readonly owner: string
}

/** Reads claims. They are written only with the objects that have them, in one transaction, and by their repair. */
export class ClaimStore {
  readonly #keyspace: Keyspace

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace
  }

  /** Who has something: `NAMESPACE/NAME`; undefined when nobody has. */
  async owner(claim: Pick<Claim, 'pool' | 'item'>, signal: AbortSignal): Promise<string | undefined> {
    const { entries } = await this.#keyspace.range({ keys: { kind: 'key', key: claimKey(claim) } }, signal)
    return entries[0] === undefined ? undefined : Buffer.from(entries[0].value).toString('utf8')
  }

  /** All that is taken of a pool. */
  async takenOf(pool: ClaimPool, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const prefix = poolPrefix(pool)
    const { entries } = await this.#keyspace.range({ keys: { kind: 'prefix', prefix }, want: 'keys' }, signal)
    return new Set(entries.map(({ key }) => key.slice(prefix.length)))
  }

  /** Every claim, in order of their keys. */
  async *all(signal: AbortSignal): AsyncGenerator<StoredClaim> {
    let start = CLAIMS
    for (;;) {
      const keys = { kind: 'range', start, end: `${CLAIMS.slice(0, -1)}0` } as const
      const { entries, more } = await this.#keyspace.range({ keys, limit: LIST_PAGE }, signal)
      for (const { key, value, modRevision } of entries) {
        yield { key, revision: modRevision, owner: Buffer.from(value).toString('utf8') }
      }
      const last = entries.at(-1)
      if (!more || last === undefined) return
      start = `${last.key}\0`
    }
  }

  /** Runs an operation while keys are as they were read: 0 is the revision of one that is not there. True when it was done. */
  async repair(
    unchanged: readonly { readonly key: ByteString; readonly revision: number }[],
    operation: Operation,
    signal: AbortSignal,
  ): Promise<boolean> {
    const compare = unchanged.map(
      ({ key, revision }) => ({ key, field: 'modRevision', is: 'equal', to: revision }) as const,
    )
    const { succeeded, revision } = await this.#keyspace.txn({ compare, then: [operation] }, signal)
    if (succeeded) await this.#keyspace.sync(revision, signal)
    return succeeded
  }
}
