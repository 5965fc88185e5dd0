import type { Disk } from '#base'
import { keyspaceFault } from '../faults.ts'
import { RECORD_MAGIC, recordAt, recordHeader } from '../record.ts'
import { readSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentStart, segmentPath, segmentsIn } from './segment.ts'

/** A segment of a recovered log. */
export interface RecoveredSegment extends SegmentStart {
  readonly path: string
}

/** A log's segments after a look at its end, and what is to be cut before it goes on. */
export interface RecoveredLog {
  readonly segments: readonly RecoveredSegment[]
  /** The oldest revision from which all records can be read; `last + 1` when there is none. */
  readonly first: number
  readonly last: number
  /** The last revision that a record calls durable. */
  readonly durable: number
  /** Where the next record goes in the last segment; undefined when a new segment must be begun. */
  readonly end: number | undefined
  readonly nextSequence: number
  /** Segments that hold nothing that was promised. */
  readonly remove: readonly string[]
  /** The last segment, when something torn stands behind its last record. */
  readonly truncate: { readonly path: string; readonly bytes: number } | undefined
  /** Damage that costs nothing, because the index holds those revisions. */
  readonly harmless: readonly string[]
}

/**
 * Reads a log's end, from the segment that holds `known + 1` on, and changes nothing; `known` is the last revision that
 * the index holds. The log ends at revision `upTo` at the latest. Faults: LogDamaged when a synced record that is not in the index cannot be read, NewerVersion.
 */
export function recoverLog(disk: Disk, folder: string, known: number, upTo = Number.MAX_SAFE_INTEGER): RecoveredLog {
  const { segments, headless } = readHeaders(disk, folder, known)
  const behind = segments.findIndex(segment => segment.firstRevision > known + 1)
  const from = Math.max((behind < 0 ? segments.length : behind) - 1, 0)
  const scanned = segments.slice(from).map(segment => scanSegment(disk, segment))
  const run = longestRun(scanned, known, upTo)
  const durable = Math.max(0, ...scanned.map(segment => segment.durable))
  const first = run.first ?? segments[0]?.firstRevision ?? known + 1
  const nextSequence = Math.max(0, ...segmentsIn(disk, folder)) + 1
  if (run.last < known || run.end === undefined) {
    const remove = [...segments.map(segment => segment.path), ...headless]
    const harmless = segments.length === 0 ? [] : [`the log ends at revision ${run.last}, the index at ${known}`]
    return {
      segments: [],
      first: known + 1,
      last: known,
      durable: known,
      end: undefined,
      nextSequence,
      remove,
      truncate: undefined,
      harmless,
    }
  }
  const { segment, offset } = run.end
  const kept = segments.slice(0, segments.indexOf(segment.start) + 1)
  const dropped = segments.slice(kept.length).map(({ path }) => path)
  const torn = offset < segment.tornTo
  return {
    segments: kept,
    first,
    last: run.last,
    durable,
    end: offset,
    nextSequence,
    remove: [...dropped, ...headless],
    truncate: torn ? { path: segment.start.path, bytes: offset } : undefined,
    harmless: run.harmless,
  }
}

function readHeaders(disk: Disk, folder: string, known: number): { segments: RecoveredSegment[]; headless: string[] } {
  const segments: RecoveredSegment[] = []
  const headless: string[] = []
  for (const sequence of segmentsIn(disk, folder)) {
    const path = segmentPath(folder, sequence)
    using file = disk.open(path, 'read')
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
    const start = readSegmentHeader(bytes.subarray(0, file.read(bytes, 0)), path)
    if (start !== undefined) segments.push({ ...start, path })
    else headless.push(path)
  }
  for (const path of headless) checkNeverSynced(readWhole(disk, path), { path, known })
  return { segments, headless }
}

// A file without a header was never synced and holds nothing that was promised, unless a record in it says otherwise.
// Without the header's salt its checksum says nothing: what it claims is believed when it adds up.
function checkNeverSynced(bytes: Buffer, { path, known }: { path: string; known: number }): void {
  let oldest: number | undefined
  for (let at = bytes.indexOf(MAGIC_BYTES); at >= 0; at = bytes.indexOf(MAGIC_BYTES, at + 1)) {
    if (at + recordHeader.size > bytes.byteLength) return
    const { bodyBytes, revision, durable } = recordHeader.read(bytes.subarray(at))
    if (at + recordHeader.size + bodyBytes > bytes.byteLength || durable >= revision) continue
    oldest ??= revision
    if (durable >= oldest && durable > known)
      throw logDamaged(`${path} is damaged at byte 0`, Math.max(oldest, known + 1))
  }
}

/** A valid record and where it stands. */
interface Place {
  readonly revision: number
  readonly durable: number
  readonly at: number
  readonly end: number
}

interface ScannedSegment {
  readonly start: RecoveredSegment
  readonly places: readonly Place[]
  /** The last revision that one of them calls durable. */
  readonly durable: number
  /** Behind this byte there are only zeros. */
  readonly tornTo: number
}

function scanSegment(disk: Disk, start: RecoveredSegment): ScannedSegment {
  const bytes = readWhole(disk, start.path)
  const places: Place[] = []
  let newestDurable = 0
  let at = SEGMENT_HEADER_BYTES
  while (at >= 0 && at < bytes.byteLength) {
    const record = recordAt(bytes, at, start.salt)
    if (record === undefined) {
      at = bytes.indexOf(MAGIC_BYTES, at + 1)
      continue
    }
    const { revision, durable } = recordHeader.read(record)
    places.push({ revision, durable, at, end: at + record.byteLength })
    newestDurable = Math.max(newestDurable, durable)
    at += record.byteLength
  }
  let tornTo = bytes.byteLength
  while (tornTo > SEGMENT_HEADER_BYTES && bytes[tornTo - 1] === 0) tornTo -= 1
  return { start, places, durable: newestDurable, tornTo }
}

function readWhole(disk: Disk, path: string): Buffer {
  using file = disk.open(path, 'read')
  const bytes = Buffer.allocUnsafe(file.size())
  return bytes.subarray(0, file.read(bytes, 0))
}

interface Run {
  /** Set when damage before it was harmless. */
  readonly first: number | undefined
  readonly last: number
  /** Where the run ends; undefined when there is no segment. */
  readonly end: { readonly segment: ScannedSegment; readonly offset: number } | undefined
  readonly harmless: readonly string[]
}

// Records follow each other by revision. Where some are missing, three things can have happened: rot of revisions that
// the index holds (harmless), rot of a revision that a later record calls durable (damage), or a power cut that kept a
// later unsynced record and lost an earlier one (the end).
function longestRun(scanned: readonly ScannedSegment[], known: number, upTo: number): Run {
  const head = scanned[0]
  if (head === undefined) return { first: undefined, last: known, end: undefined, harmless: [] }
  const all = scanned.flatMap(segment => segment.places.map(place => ({ segment, place })))
  let next = head.start.firstRevision
  let first: number | undefined
  let end = { segment: head, offset: SEGMENT_HEADER_BYTES }
  const harmless: string[] = []
  for (const [i, { segment, place }] of all.entries()) {
    if (place.revision < next) continue
    if (place.revision > upTo) break
    if (place.revision > next) {
      const where = `${end.segment.start.path} is damaged at byte ${end.offset}`
      if (place.revision - 1 > known) {
        const lost = Math.max(next, known + 1)
        if (all.slice(i).some(later => later.place.durable >= lost)) throw logDamaged(where, lost)
        break
      }
      harmless.push(where)
      first = place.revision
    }
    next = place.revision + 1
    end = { segment, offset: place.end }
  }
  return { first, last: next - 1, end, harmless }
}

/** What a record begins with. */
export const MAGIC_BYTES = Buffer.alloc(4)
MAGIC_BYTES.writeUInt32LE(RECORD_MAGIC)

/** A synced record that nothing else holds. */
export function logDamaged(where: string, revision: number): Error {
  return keyspaceFault('LogDamaged', `${where}: revision ${revision} was made durable and cannot be read`, {
    hint: 'Restore this folder from a copy.',
  })
}
