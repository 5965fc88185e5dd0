import { assert, type DiskFile, type Fault, isFault, isSystemError, type World } from '#base'
import { revisionOf } from '../change.ts'
import type { CommitLog, LogCursor } from '../commit-log.ts'
import { diskFault } from '../faults.ts'
import type { LogRecord, Revision } from '../keyspace.ts'
import { FILL_BYTES, LANDMARK_BYTES, SEGMENT_BYTES } from '../limits.ts'
import { decodeChanges, revisionOfRecord, sealRecord } from '../record.ts'
import { SegmentCursor } from './cursor.ts'
import { Landmarks } from './landmarks.ts'
import { type RecoveredLog, type RecoveredSegment, recoverLog } from './recover.ts'
import { SEGMENT_HEADER_BYTES, segmentHeaderBytes, segmentPath } from './segment.ts'
import { type Survived, wholePrefix } from './tail.ts'

/** Where a log is and what is already known of it. */
export interface LogPlace {
  readonly world: World
  readonly folder: string
  /** The last revision that the index holds. */
  readonly known: Revision
  /** Awaited before records that were found are made durable. */
  readonly beforeSync?: (() => Promise<void>) | undefined
  readonly survived?: Survived | undefined
}

/**
 * Opens the log of a folder, cuts what was never synced and torn, and makes the rest durable.
 * Faults: LogDamaged, NewerVersion, DiskFull, DiskFailed.
 */
export async function openSegmentLog(place: LogPlace): Promise<CommitLog> {
  const { world, folder } = place
  world.disk.makeFolder(folder)
  const recovered = await recoverWhole(place)
  for (const what of recovered.harmless) world.log.warn('log damage that costs nothing', { what })
  try {
    await cut(world, folder, recovered)
    const log = new SegmentLog(world, folder, recovered)
    await place.beforeSync?.()
    await writeAgain(world, recovered, Math.max(recovered.durable, place.known) + 1)
    await log.sync(log.last)
    return log
  } catch (error) {
    throw isFault(error) ? error : diskFault('opening the log', error)
  }
}

async function recoverWhole(place: LogPlace): Promise<RecoveredLog> {
  const { world, folder, known, survived } = place
  const found = recoverLog(world.disk, folder, known)
  if (survived === undefined) return found
  const { segments, first, last, durable } = found
  const log = { first: revisionOf(first), last: revisionOf(last) }
  const cursor = new SegmentCursor(world.disk, revisionOf(Math.max(durable, known) + 1), { log, segments })
  const tail: LogRecord[] = []
  for (let records = cursor.next(); records.length > 0; records = cursor.next()) tail.push(...records)
  const whole = await wholePrefix(
    tail.map(({ bytes }) => decodeChanges(bytes)),
    survived,
  )
  const revision = tail[whole]?.revision
  if (revision === undefined) return found
  world.log.warn('log: cut before a record that was never synced and names what is lost', { revision, last })
  return recoverLog(world.disk, folder, known, revision - 1)
}

// From the end backwards, so that a crash between two steps leaves what the next look decides on in the same way.
async function cut(world: World, folder: string, recovered: RecoveredLog): Promise<void> {
  for (const path of [...recovered.remove].sort().reverse()) world.disk.remove(path)
  if (recovered.remove.length > 0) await world.disk.syncFolder(folder)
  if (recovered.truncate === undefined) return
  using file = world.disk.open(recovered.truncate.path, 'write')
  file.truncate(recovered.truncate.bytes)
  await file.sync()
}

// What no sync is known to have reached: an earlier process may have ended before it, or the kernel may have dropped what
// a failed sync could not write, and call it clean since. Written again it reaches the disk or fails here.
async function writeAgain(world: World, { segments, last }: RecoveredLog, from: number): Promise<void> {
  if (from > last) return
  const behind = segments.findIndex(segment => segment.firstRevision > from)
  for (const { path } of segments.slice(Math.max(0, (behind < 0 ? segments.length : behind) - 1))) {
    using file = world.disk.open(path, 'write')
    const bytes = Buffer.allocUnsafe(file.size())
    file.write([bytes.subarray(0, file.read(bytes, 0))], 0)
    await file.sync()
  }
}

interface OpenSegment extends RecoveredSegment {
  readonly file: DiskFile
  /** Where the next record goes. */
  end: number
  /** The last place that was remembered. */
  marked: number
  /** Bytes the file has, zeros behind `end`. */
  filled: number
}

class SegmentLog implements CommitLog {
  readonly #world: World
  readonly #folder: string
  readonly #segments: RecoveredSegment[]
  readonly #landmarks = new Landmarks()
  #open: OpenSegment | undefined
  /** Full segments that a sync still has to reach. */
  #full: OpenSegment[] = []
  #nextSequence: number
  #newName = true
  #failure: Fault | undefined
  #sealedBytes = 0
  first: Revision
  last: Revision
  durable: Revision

  constructor(world: World, folder: string, recovered: RecoveredLog) {
    this.#world = world
    this.#folder = folder
    this.#segments = [...recovered.segments]
    this.#nextSequence = recovered.nextSequence
    this.first = revisionOf(recovered.first)
    this.last = revisionOf(recovered.last)
    this.durable = revisionOf(0)
    for (const segment of this.#segments.slice(0, -1)) this.#sealedBytes += world.disk.stat(segment.path)?.bytes ?? 0
    const newest = this.#segments.at(-1)
    if (newest === undefined || recovered.end === undefined) return
    const file = world.disk.open(newest.path, 'write')
    this.#open = { ...newest, file, end: recovered.end, marked: 0, filled: file.size() }
  }

  get bytes(): number {
    return this.#sealedBytes + (this.#open?.end ?? 0)
  }

  append(record: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure
    assert(revisionOfRecord(record) === this.last + 1, 'the log grows by one revision')
    try {
      const segment = this.#room(record.byteLength)
      sealRecord(record, segment.salt, this.durable)
      segment.file.write([record], segment.end)
      if (segment.end >= segment.marked + LANDMARK_BYTES) {
        this.#landmarks.learn(segment.path, { offset: segment.end, revision: this.last + 1 })
        segment.marked = segment.end
      }
      segment.end += record.byteLength
      segment.filled = Math.max(segment.filled, segment.end)
      this.last = revisionOf(this.last + 1)
    } catch (error) {
      const fault = diskFault('writing the log', error)
      if (fault.code !== 'DiskFull') this.#failure = fault
      throw fault
    }
  }

  async sync(target: Revision): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    // What is full while this waits is for the next sync: the segment open now may be among it by then.
    const [full, open] = [this.#full, this.#open]
    this.#full = []
    try {
      this.#fillAhead()
      for (const segment of full) {
        await segment.file.sync()
        segment.file.close()
      }
      await open?.file.sync()
      if (this.#newName) await this.#syncName()
      this.durable = target
    } catch (error) {
      // The kernel may have dropped the dirty pages: a later sync that succeeds would prove nothing.
      this.#failure = diskFault('syncing the log', error)
      throw this.#failure
    }
  }

  cursor(from: Revision): LogCursor {
    return new SegmentCursor(this.#world.disk, from, {
      log: this,
      segments: this.#segments,
      landmarks: this.#landmarks,
    })
  }

  trim(before: Revision): void {
    for (;;) {
      const [oldest, second] = this.#segments
      if (oldest === undefined || second === undefined || second.firstRevision > before) return
      if (this.#full.some(segment => segment.path === oldest.path) || second.firstRevision > this.durable + 1) return
      this.#sealedBytes -= this.#world.disk.stat(oldest.path)?.bytes ?? 0
      this.#world.disk.remove(oldest.path)
      this.#landmarks.forget(oldest.path)
      this.#segments.shift()
      this.first = revisionOf(Math.max(this.first, second.firstRevision))
    }
  }

  close(): void {
    for (const segment of this.#full) segment.file.close()
    this.#open?.file.close()
    this.#open = undefined
    this.#failure ??= diskFault('writing a closed log', undefined)
  }

  #room(bytes: number): OpenSegment {
    const open = this.#open
    if (open !== undefined && (open.end + bytes <= SEGMENT_BYTES || open.end === SEGMENT_HEADER_BYTES)) return open
    const next = this.#begin()
    if (open !== undefined) {
      this.#full.push(open)
      this.#sealedBytes += open.filled
    }
    this.#segments.push(next)
    this.#open = next
    return next
  }

  #begin(): OpenSegment {
    const sequence = this.#nextSequence
    const path = segmentPath(this.#folder, sequence)
    const salt = Buffer.from(this.#world.entropy.bytes(4)).readUInt32LE()
    const start = { sequence, salt, firstRevision: this.last + 1 }
    const file = this.#world.disk.open(path, 'create')
    try {
      file.write([segmentHeaderBytes(start)], 0)
    } catch (error) {
      file.close()
      this.#world.disk.remove(path)
      throw error
    }
    this.#nextSequence += 1
    this.#newName = true
    return {
      ...start,
      path,
      file,
      end: SEGMENT_HEADER_BYTES,
      marked: SEGMENT_HEADER_BYTES,
      filled: SEGMENT_HEADER_BYTES,
    }
  }

  async #syncName(): Promise<void> {
    const sequence = this.#nextSequence
    await this.#world.disk.syncFolder(this.#folder)
    if (sequence === this.#nextSequence) this.#newName = false
  }

  // Once per FILL_BYTES of records a sync also writes the file's new size; all others write data only.
  #fillAhead(): void {
    const open = this.#open
    if (open === undefined || open.filled - open.end > FILL_BYTES / 4 || open.filled >= SEGMENT_BYTES) return
    try {
      open.file.write([ZEROS], open.filled)
      open.filled += ZEROS.byteLength
    } catch (error) {
      // Without zeros ahead a sync is only slower; a full disk shows at the next append.
      if (!isSystemError(error, 'ENOSPC') && !isSystemError(error, 'EDQUOT')) throw error
    }
  }
}

const ZEROS = Buffer.alloc(FILL_BYTES)
