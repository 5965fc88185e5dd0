import type { ByteString } from '#base'
import type { Change } from './change.ts'
import type { LogRecord, Revision } from './keyspace.ts'
import { APPLY_BATCH_BYTES, LOG_READ_BYTES } from './limits.ts'
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
  readonly #pending: Pending[] = []
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

  /** Records from this revision on, some `LOG_READ_BYTES` of them; undefined when the first is not among those that wait. */
  from(revision: Revision): LogRecord[] | undefined {
    const at = revision - (this.#pending[0]?.revision ?? Number.MAX_SAFE_INTEGER)
    if (at < 0 || at >= this.#pending.length) return undefined
    const records: LogRecord[] = []
    let bytes = 0
    for (const { revision: next, record } of this.#pending.slice(at)) {
      if (bytes >= LOG_READ_BYTES) break
      records.push({ revision: next, bytes: record })
      bytes += record.byteLength
    }
    return records
  }

  /** Hands the index everything durable, in batches, and forgets it here; one call at a time. Faults: those of the index. */
  async flush(durable: Revision): Promise<void> {
    for (;;) {
      const batch = this.#batch(durable)
      const last = batch.at(-1)
      if (last === undefined) return
      await this.#index.apply(Buffer.concat(batch.map(pending => pending.record)))
      this.#pending.splice(0, batch.length)
      for (const pending of batch) {
        for (const key of pending.keys) this.#overlay.dropThrough(key, last.revision)
        this.bytes -= pending.record.byteLength
      }
    }
  }

  #batch(durable: Revision): Pending[] {
    let bytes = 0
    let count = 0
    for (const pending of this.#pending) {
      if (pending.revision > durable || bytes >= APPLY_BATCH_BYTES) break
      bytes += pending.record.byteLength
      count += 1
    }
    return this.#pending.slice(0, count)
  }
}
