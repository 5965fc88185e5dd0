import { revisionOf } from './change.ts'
import type { CommitLog, LogCursor } from './commit-log.ts'
import type { LogRecord, Revision } from './keyspace.ts'
import { compacted } from './log/cursor.ts'
import { revisionOfRecord } from './record.ts'

/** Records read at once from a log in memory. */
const PAGE_RECORDS = 1000

/** A log in memory: durable at once, gone with the process. */
export class MemoryLog implements CommitLog {
  readonly #records: LogRecord[] = []
  #bytes = 0
  first = revisionOf(1)
  last = revisionOf(0)

  get durable(): Revision {
    return this.last
  }

  get bytes(): number {
    return this.#bytes
  }

  append(record: Buffer): void {
    this.last = revisionOfRecord(record)
    this.#records.push({ revision: this.last, bytes: record })
    this.#bytes += record.byteLength
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  cursor(from: Revision): LogCursor {
    let next = Math.max(from, 1)
    const check = (): void => {
      if (next < this.first) throw compacted(this.first)
    }
    check()
    return {
      next: () => {
        check()
        const page = this.#records.slice(next - this.first, next - this.first + PAGE_RECORDS)
        next += page.length
        return page
      },
    }
  }

  trim(before: Revision): void {
    const gone = this.#records.splice(0, Math.max(0, Math.min(before, this.last + 1) - this.first))
    for (const record of gone) this.#bytes -= record.bytes.byteLength
    this.first = revisionOf(this.first + gone.length)
  }

  close(): void {
    this.#records.length = 0
  }
}
