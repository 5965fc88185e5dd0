import type { ByteString } from '#base'
import type { Change } from './change.ts'
import type { Revision } from './keyspace.ts'
import type { RowIndex } from './row-index.ts'
import type { VersionMap } from './version-map.ts'

interface Pending {
  readonly revision: Revision
  readonly record: Buffer
  readonly keys: readonly ByteString[]
}

/** Commits that the index does not have yet: their entries are in the overlay until it does. */
export class Applier {
  readonly #overlay: VersionMap
  readonly #index: RowIndex
  readonly #keepHistory: boolean
  #pending: Pending[] = []
  /** Bytes of the records that wait. */
  bytes = 0

  constructor(overlay: VersionMap, index: RowIndex, keepHistory: boolean) {
    this.#overlay = overlay
    this.#index = index
    this.#keepHistory = keepHistory
  }

  /** Makes a commit readable. */
  add(revision: Revision, record: Buffer, changes: readonly Change[]): void {
    const keys: ByteString[] = []
    for (const change of changes) {
      if (change.kind === 'grant' || change.kind === 'end') continue
      const put = change.kind === 'put'
      const key = put ? change.entry.key : change.key
      this.#overlay.put(key, { revision, entry: put ? change.entry : undefined }, this.#keepHistory)
      keys.push(key)
    }
    this.#pending.push({ revision, record, keys })
    this.bytes += record.byteLength
  }

  /** Hands the index everything durable, then forgets it here; one call at a time. Faults: those of the index. */
  async flush(durable: Revision): Promise<void> {
    const count = countThrough(this.#pending, durable)
    if (count === 0) return
    const batch = this.#pending.slice(0, count)
    await this.#index.apply(Buffer.concat(batch.map(pending => pending.record)))
    this.#pending = this.#pending.slice(count)
    for (const pending of batch) {
      for (const key of pending.keys) this.#overlay.dropThrough(key, durable)
      this.bytes -= pending.record.byteLength
    }
  }
}

function countThrough(pending: readonly Pending[], durable: Revision): number {
  let count = pending.length
  while (count > 0 && (pending[count - 1]?.revision ?? 0) > durable) count -= 1
  return count
}
