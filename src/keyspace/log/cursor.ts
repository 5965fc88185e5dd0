import { asBuffer, type Disk, type DiskFile, isSystemError } from '#base'
import type { CommitLog, LogCursor } from '../commit-log.ts'
import { revisionOf } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import type { LogRecord, Revision } from '../keyspace.ts'
import { LOG_READ_BYTES, RECORD_BYTES_MAX } from '../limits.ts'
import { recordAt, recordHeader, revisionOfRecord } from '../record.ts'
import type { Landmarks } from './landmarks.ts'
import { logDamaged, MAGIC_BYTES, type RecoveredSegment } from './recover.ts'
import { SEGMENT_HEADER_BYTES } from './segment.ts'

/** The log a cursor reads: how far it reaches, and its segments in order as they come and go. */
export interface CursorSource {
  readonly log: Pick<CommitLog, 'first' | 'last'>
  readonly segments: readonly RecoveredSegment[]
  /** Places to begin at; what is read is learned. */
  readonly landmarks?: Landmarks | undefined
}

/** Reads the records of segment files forward. */
export class SegmentCursor implements LogCursor {
  readonly #disk: Disk
  readonly #source: CursorSource
  /** The revision of the next record wanted. */
  #next: Revision
  /** Where to read on: the segment, the offset, and the revision that stands there. */
  #at: { readonly segment: RecoveredSegment; offset: number; revision: number } | undefined

  constructor(disk: Disk, from: Revision, source: CursorSource) {
    this.#disk = disk
    this.#source = source
    this.#next = revisionOf(Math.max(from, 1))
    this.#checkKept()
  }

  next(): LogRecord[] {
    for (;;) {
      if (this.#next > this.#source.log.last) return []
      this.#checkKept()
      const records = this.#readSome()
      if (records.length > 0) return records
    }
  }

  #readSome(): LogRecord[] {
    const at = this.#place()
    try {
      using file = this.#disk.open(at.segment.path, 'read')
      return this.#take(at, readAt(file, at.offset))
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) throw compacted(this.#next)
      throw error
    }
  }

  #take(at: { readonly segment: RecoveredSegment; offset: number; revision: number }, bytes: Buffer): LogRecord[] {
    const records: LogRecord[] = []
    let offset = 0
    for (;;) {
      const record = at.revision > this.#source.log.last ? undefined : recordAt(bytes, offset, at.segment.salt)
      if (record === undefined) break
      const revision = revisionOfRecord(record)
      if (revision !== at.revision) break
      if (revision >= this.#next) records.push({ revision, bytes: record })
      offset += record.byteLength
      at.revision += 1
    }
    if (offset === 0) this.#skipDamage(at)
    at.offset += offset
    if (offset > 0) this.#source.landmarks?.learn(at.segment.path, at)
    this.#next = revisionOf(Math.max(this.#next, at.revision))
    return records
  }

  /** Goes on behind damaged records that are not asked for: the index holds them. */
  #skipDamage(at: { readonly segment: RecoveredSegment; offset: number; revision: number }): void {
    using file = this.#disk.open(at.segment.path, 'read')
    const bytes = Buffer.alloc(Math.max(file.size() - at.offset, 0))
    file.read(bytes, at.offset)
    for (let offset = bytes.indexOf(MAGIC_BYTES, 1); offset > 0; offset = bytes.indexOf(MAGIC_BYTES, offset + 1)) {
      const record = recordAt(bytes, offset, at.segment.salt)
      const revision = record === undefined ? undefined : revisionOfRecord(record)
      if (revision === undefined || revision <= at.revision || revision > this.#next) continue
      at.offset += offset
      at.revision = revision
      return
    }
    throw logDamaged(`${at.segment.path} is damaged at byte ${at.offset}`, at.revision)
  }

  #place(): { readonly segment: RecoveredSegment; offset: number; revision: number } {
    const segments = this.#source.segments
    const behind = segments.findIndex(segment => segment.firstRevision > this.#next)
    const segment = segments[(behind < 0 ? segments.length : behind) - 1]
    if (segment === undefined) throw compacted(this.#next)
    if (this.#at?.segment.path === segment.path) return this.#at
    const mark = this.#source.landmarks?.near(segment.path, this.#next)
    this.#at = {
      segment,
      offset: mark?.offset ?? SEGMENT_HEADER_BYTES,
      revision: mark?.revision ?? segment.firstRevision,
    }
    return this.#at
  }

  #checkKept(): void {
    if (this.#next < this.#source.log.first) throw compacted(this.#source.log.first)
  }
}

/** History before a revision is gone. */
export function compacted(oldest: number): Error {
  return keyspaceFault('Compacted', `history before revision ${oldest} is no longer kept`, {
    hint: 'Read the present state and follow from there.',
  })
}

// One read serves many records; a record larger than that is read on its own.
function readAt(file: DiskFile, offset: number): Buffer {
  const page = asBuffer(new Uint8Array(LOG_READ_BYTES))
  const some = page.subarray(0, file.read(page, offset))
  if (some.byteLength < recordHeader.size) return some
  const size = recordHeader.size + recordHeader.read(some).bodyBytes
  if (size <= some.byteLength || size > RECORD_BYTES_MAX) return some
  const record = Buffer.alloc(size)
  return record.subarray(0, file.read(record, offset))
}
