import { LRUCache } from 'lru-cache'
import { assert, type Disk, type DiskFile, type Entropy, isSystemError } from '#base'
import type { LogPosition } from './chunk-index.ts'
import { OPEN_SEGMENTS_MAX, UNCACHE_BYTES_MIN } from './limits.ts'
import { align, RECORD_HEADER_BYTES } from './record.ts'
import { readSegmentHeader, SEGMENT_HEADER_BYTES, segmentHeader, voidHeader } from './segment-header.ts'

/** One append-only file of records. */
export interface Segment {
  readonly number: number
  readonly path: string
  /** Where the next record goes; what lies beyond does not count. */
  endBytes: number
  /** Everything before this is durable. */
  durableBytes: number
  /** Up to here a record says that the segment was durable. */
  notedBytes: number
  dirty: boolean
  /** What its records carry; undefined until needed or when the segment's header is damaged. */
  salt: bigint | undefined
}

/**
 * The segments of a store, in the order of their numbers: one log. Records are given places at its end at once and
 * written there in any order. Errors are the system's own.
 */
export class SegmentLog {
  readonly segments = new Map<number, Segment>()
  /** Recovery sets it while it replays: nothing behind it counts as written. */
  replayedTo: LogPosition | undefined
  readonly #disk: Disk
  readonly #entropy: Entropy
  readonly #folder: string
  readonly #segmentBytesMax: number
  readonly #reading = new LRUCache<number, DiskFile>({ max: OPEN_SEGMENTS_MAX, dispose: file => file.close() })
  readonly #writing = new Map<number, DiskFile>()
  readonly #inFlight = new Set<LogPosition>()
  #holes: Hole[] = []
  #active: Segment | undefined
  #newest: Segment | undefined
  #newNames = false
  /** Bytes of the segments that take no more records. */
  #otherBytes = 0

  constructor({ disk, entropy, folder, segmentBytesMax }: SegmentLogOptions) {
    this.#disk = disk
    this.#entropy = entropy
    this.#folder = folder
    this.#segmentBytesMax = segmentBytesMax
    disk.makeFolder(folder)
    const names = disk.list(folder).filter(name => SEGMENT_NAME.test(name))
    names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    for (const name of names) {
      const path = `${folder}/${name}`
      this.#adopt(Number.parseInt(name, 10), path, align(disk.stat(path)?.bytes ?? 0))
    }
    // A process that was killed may not have come to sync the names of its segments.
    this.#newNames = this.segments.size > 0
  }

  /** The segment that takes new records; undefined before the first. */
  get active(): Segment | undefined {
    return this.#active
  }

  /** Bytes of all segments together. */
  get bytes(): number {
    return this.#otherBytes + (this.#active?.endBytes ?? 0)
  }

  segment(number: number): Segment {
    const segment = this.segments.get(number)
    assert(segment !== undefined, `segment ${number} is known`)
    return segment
  }

  /** What records of this segment carry. */
  salt(segment: Segment): bigint {
    segment.salt ??= readSegmentHeader(this.reader(segment.number), segment.number)
    assert(segment.salt !== undefined, 'a segment that is written has a header')
    return segment.salt
  }

  /** True while writes to this segment are under way. */
  isWriting(number: number): boolean {
    for (const place of this.#inFlight) if (place.segment === number) return true
    return false
  }

  /** Bytes at the end of the log that are not durable yet. */
  get unsyncedBytes(): number {
    return this.#active === undefined ? 0 : this.#active.endBytes - this.#active.durableBytes
  }

  /** True while writes are under way. */
  get isBusy(): boolean {
    return this.#inFlight.size > 0
  }

  /** Goes on writing in the newest segment, once recovery has found its end. */
  resume(): void {
    const newest = this.#newest
    if (newest?.salt !== undefined && newest.endBytes < this.#segmentBytesMax) this.#active = newest
    this.#countOthers()
  }

  /** Takes the next place for a record; settle or abandon it when the write is over. */
  allocate(bytes: number): LogPosition {
    const segment = this.#segmentFor(bytes)
    const place = { segment: segment.number, offset: segment.endBytes }
    this.writer(segment)
    segment.endBytes += bytes
    this.#inFlight.add(place)
    return place
  }

  /** The record at this place is written. */
  settle(place: LogPosition): void {
    assert(this.#inFlight.delete(place), 'a place is settled once')
    this.segment(place.segment).dirty = true
  }

  /** Writing at this place failed: gives it back, or marks it to be skipped when records lie behind it. */
  abandon(place: LogPosition, bytes: number): void {
    const segment = this.segment(place.segment)
    if (segment === this.#active && segment.endBytes === place.offset + bytes) {
      this.#inFlight.delete(place)
      segment.endBytes = place.offset
      this.#cut(segment)
      return
    }
    this.#holes.push({ place, bytes })
    this.fillHoles()
  }

  /** Makes recovery skip abandoned places. What the disk refuses now is tried again at the next sync. */
  fillHoles(): void {
    const left: Hole[] = []
    for (const hole of this.#holes) {
      if (this.#fill(hole)) this.#inFlight.delete(hole.place)
      else left.push(hole)
    }
    this.#holes = left
  }

  /** Writes a record that says: skip these bytes. */
  writeVoid(place: LogPosition, bytes: number): void {
    const segment = this.segment(place.segment)
    const { number, durableBytes } = segment
    segment.dirty = true
    const skip = { segment: number, durableBytes, salt: this.salt(segment), bytesToSkip: bytes - RECORD_HEADER_BYTES }
    this.writer(segment).write([voidHeader(skip)], place.offset)
  }

  /**
   * Ends a segment that is durable in full with a record that says so: without the index, recovery could not tell a
   * write torn by a crash from one that was durable and is damaged. Only evidence: a full disk may go without.
   */
  noteDurable(segment: Segment): void {
    const { endBytes, durableBytes, notedBytes, salt } = segment
    if (salt === undefined || durableBytes !== endBytes || notedBytes === endBytes) return
    if (endBytes === SEGMENT_HEADER_BYTES || this.isWriting(segment.number)) return
    try {
      this.writer(segment).write(
        [voidHeader({ segment: segment.number, durableBytes, salt, bytesToSkip: 0 })],
        endBytes,
      )
    } catch (error) {
      if (isSystemError(error)) return
      throw error
    }
    segment.endBytes += align(RECORD_HEADER_BYTES)
    segment.durableBytes = segment.endBytes
    segment.notedBytes = segment.endBytes
    this.#countOthers()
  }

  /** Up to here everything is written: the first place still under way, or the end. */
  lowWater(): LogPosition {
    let low = this.end()
    if (this.replayedTo !== undefined && isBefore(this.replayedTo, low)) low = this.replayedTo
    for (const place of this.#inFlight) if (isBefore(place, low)) low = place
    return low
  }

  /** Makes durable what is written now, with the names of new segments. Resolves to what became durable. */
  async sync(): Promise<void> {
    this.fillHoles()
    const low = this.lowWater()
    const dirty = [...this.segments.values()].filter(segment => segment.dirty)
    const newNames = this.#newNames
    this.#newNames = false
    const ends = dirty.map(segment => durableEnd(segment, low))
    for (const segment of dirty) segment.dirty = false
    await Promise.all(dirty.map(segment => this.writer(segment).sync()))
    if (newNames) await this.#disk.syncFolder(this.#folder)
    for (const [number, segment] of dirty.entries()) {
      const before = segment.durableBytes
      segment.durableBytes = Math.max(before, ends[number] ?? 0)
      // Whoever wrote as much has it in memory already: the page cache is better used for other things.
      const isStream = segment.durableBytes - before >= UNCACHE_BYTES_MIN
      if (isStream) this.writer(segment).uncache(before, segment.durableBytes)
      if (segment.dirty || segment === this.#active) continue
      this.noteDurable(segment)
      this.#retire(segment)
    }
  }

  /** A file to read a segment from; valid until the next call. */
  reader(number: number): DiskFile {
    const open = this.#writing.get(number) ?? this.#reading.get(number)
    if (open !== undefined) return open
    const file = this.#disk.open(this.segment(number).path, 'read')
    this.#reading.set(number, file)
    return file
  }

  /** The file to write a segment with; stays open until what was written is durable. */
  writer(segment: Segment): DiskFile {
    const open = this.#writing.get(segment.number)
    if (open !== undefined) return open
    const file = this.#disk.open(segment.path, 'create')
    this.#writing.set(segment.number, file)
    return file
  }

  /** Removes a segment that nothing needs any more. */
  async remove(number: number): Promise<void> {
    const { path } = this.segment(number)
    this.#reading.delete(number)
    this.#writing.get(number)?.close()
    this.#writing.delete(number)
    this.#disk.remove(path)
    this.segments.delete(number)
    if (this.#newest?.number === number) this.#newest = [...this.segments.values()].at(-1)
    if (this.#active?.number === number) this.#active = undefined
    this.#countOthers()
    await this.#disk.syncFolder(this.#folder)
  }

  close(): void {
    for (const file of this.#writing.values()) file.close()
    this.#writing.clear()
    this.#reading.clear()
  }

  #adopt(number: number, path: string, endBytes: number): Segment {
    const segment = { number, path, endBytes, durableBytes: 0, notedBytes: 0, dirty: false, salt: undefined }
    this.segments.set(number, segment)
    this.#newest = segment
    return segment
  }

  #segmentFor(bytes: number): Segment {
    const active = this.#active
    if (active !== undefined && active.endBytes + bytes <= this.#segmentBytesMax) return active
    if (active !== undefined && active.endBytes <= SEGMENT_HEADER_BYTES) return active
    return this.begin()
  }

  /** Begins a new segment: the one before gets no more records. Errors are the system's own. */
  begin(): Segment {
    const number = this.end().segment + 1
    const path = `${this.#folder}/${String(number).padStart(8, '0')}.seg`
    const salt = Buffer.from(this.#entropy.bytes(8)).readBigUInt64LE()
    const file = this.#disk.open(path, 'create')
    try {
      file.write([segmentHeader(number, salt)], 0)
    } catch (error) {
      file.close()
      this.#disk.remove(path)
      throw error
    }
    const segment = this.#adopt(number, path, SEGMENT_HEADER_BYTES)
    segment.salt = salt
    segment.dirty = true
    this.#writing.set(number, file)
    this.#newNames = true
    const before = this.#active
    this.#active = segment
    this.#countOthers()
    if (before !== undefined && !before.dirty) this.#retire(before)
    return segment
  }

  /** Where the next record goes unless it begins a segment. */
  end(): LogPosition {
    const newest = this.#newest
    return newest === undefined ? { segment: 0, offset: 0 } : { segment: newest.number, offset: newest.endBytes }
  }

  #countOthers(): void {
    this.#otherBytes = 0
    for (const segment of this.segments.values()) if (segment !== this.#active) this.#otherBytes += segment.endBytes
  }

  #retire(segment: Segment): void {
    const file = this.#writing.get(segment.number)
    if (file === undefined) return
    this.#writing.delete(segment.number)
    this.#reading.set(segment.number, file)
  }

  // Only to spare the disk: what lies beyond the end does not count.
  #cut(segment: Segment): void {
    try {
      this.writer(segment).truncate(segment.endBytes)
    } catch (error) {
      if (!isSystemError(error)) throw error
    }
  }

  #fill(hole: Hole): boolean {
    try {
      this.writeVoid(hole.place, hole.bytes)
      return true
    } catch (error) {
      if (isSystemError(error)) return false
      throw error
    }
  }
}

/** Where the segments of a store are, and how large they grow. */
export interface SegmentLogOptions {
  readonly disk: Disk
  readonly entropy: Entropy
  readonly folder: string
  readonly segmentBytesMax: number
}

interface Hole {
  readonly place: LogPosition
  readonly bytes: number
}

const SEGMENT_NAME = /^[0-9]{8,}\.seg$/
/** True when `a` lies before `b` in the log. */
export function isBefore(a: LogPosition, b: LogPosition): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)
}

// What a sync makes durable without a gap: all of a segment before the low water, a part of the one it lies in.
function durableEnd(segment: Segment, low: LogPosition): number {
  if (segment.number < low.segment) return segment.endBytes
  return segment.number === low.segment ? low.offset : 0
}
