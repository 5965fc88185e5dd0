import type { LogRecord, Revision } from './keyspace.ts'

/** Reads a log forward; it may go on when the log has grown. */
export interface LogCursor {
  /** The next records, about LOG_READ_BYTES of them; empty at the end. Faults: Compacted, LogDamaged. */
  next(): LogRecord[]
}

/** The truth: every revision, in order, from `first` to `last`. */
export interface CommitLog {
  /** The oldest revision that can be read; `last + 1` when there is none. */
  readonly first: Revision
  readonly last: Revision
  /** Everything up to this revision survives a power cut. */
  readonly durable: Revision
  readonly bytes: number
  /** Hands the record of revision `last + 1` to the system. Faults: DiskFull (nothing happened), DiskFailed. */
  append(record: Buffer): void
  /** Makes everything up to a revision durable; one call at a time. Faults: DiskFull, DiskFailed. */
  sync(target: Revision): Promise<void>
  /** Reads from a revision on. Faults: Compacted. */
  cursor(from: Revision): LogCursor
  /** Allows records before a revision to be forgotten. */
  trim(before: Revision): void
  close(): void
}
