import { type DiskFile, digestHex, isFault, type Log } from '#base'
import { type Body, readVerified } from './blocks.ts'
import type { LogPosition } from './chunk-index.ts'
import type { ChunkTable } from './chunk-table.ts'
import { chunkFault } from './faults.ts'
import { decodeStates, NO_SEGMENT, type StateEntry } from './record.ts'
import { type Stretch, scanSegment } from './scan.ts'
import { readSegmentHeader, SEGMENT_HEADER_BYTES } from './segment-header.ts'
import { isBefore, type Segment, type SegmentLog } from './segment-log.ts'

/** What opening found in the part of the log that the index did not know. */
export interface Recovery {
  /** True when the index was made anew from all segments. */
  readonly isRebuilt: boolean
  readonly scannedBytes: number
  /** Bytes of writes that a crash had cut short; never part of anything synced. */
  readonly tornBytes: number
  /** Bytes that were durable once and do not verify now. */
  readonly damagedBytes: number
}

/** What recovery works on. `persist` makes the log durable and brings the index up to it. */
export interface RecoveryParts {
  readonly log: SegmentLog
  readonly table: ChunkTable
  readonly lines: Log
  readonly persist: () => Promise<void>
}

/**
 * Brings the table up to the segments: replays what the index does not know yet, cuts or voids torn writes, and keeps
 * what was durable and is damaged as quarantined. Without a fitting index everything is replayed.
 * Faults: NewerVersion, Unsupported, Io.
 */
export async function recover(parts: RecoveryParts): Promise<Recovery> {
  if (loadIndex(parts)) {
    try {
      return await replay(parts, false)
    } catch (error) {
      if (!isFault(error, 'IndexDamaged')) throw error
      parts.lines.warn('chunk index is damaged: made anew')
    }
  }
  parts.table.reset()
  return await replay(parts, parts.log.segments.size > 0)
}

async function replay(parts: RecoveryParts, isRebuilt: boolean): Promise<Recovery> {
  const { log, table } = parts
  const from = table.position
  const totals = { scannedBytes: 0, tornBytes: 0, damagedBytes: 0 }
  for (const segment of log.segments.values()) {
    log.replayedTo = { segment: segment.number, offset: 0 }
    if (segment.number < from.segment) segment.durableBytes = segment.endBytes
    else await replaySegment(parts, { segment, from, isRebuilt, totals })
  }
  log.replayedTo = undefined
  await parts.persist()
  if (totals.tornBytes > 0) parts.lines.info('unfinished writes of a crash dropped', totals)
  return { isRebuilt, ...totals }
}

// An index that knows more than the segments hold belongs to other segments, or bytes are gone.
function loadIndex({ log, table, lines }: RecoveryParts): boolean {
  try {
    return table.load((position, tally) => {
      const gone = [...tally.live.keys()].filter(number => !log.segments.has(number))
      const fits = gone.length === 0 && reaches(log, position)
      if (!fits) lines.warn('chunk index does not fit the segments: made anew', { position, gone })
      return fits
    })
  } catch (error) {
    if (!isFault(error, 'IndexDamaged')) throw error
    lines.warn('chunk index is damaged: made anew')
    return false
  }
}

// Compaction may have removed the segment where the index had got to; later ones are there then.
function reaches(log: SegmentLog, position: LogPosition): boolean {
  const segment = log.segments.get(position.segment)
  return segment === undefined ? log.end().segment >= position.segment : segment.endBytes >= position.offset
}

interface Replay {
  readonly segment: Segment
  readonly from: LogPosition
  readonly isRebuilt: boolean
  readonly totals: { scannedBytes: number; tornBytes: number; damagedBytes: number }
}

async function replaySegment(parts: RecoveryParts, replay: Replay): Promise<void> {
  const { log } = parts
  const { segment, from, totals } = replay
  const start = segment.number === from.segment ? Math.max(from.offset, SEGMENT_HEADER_BYTES) : SEGMENT_HEADER_BYTES
  const file = log.reader(segment.number)
  segment.salt = readSegmentHeader(file, segment.number)
  const range = { segment: segment.number, salt: segment.salt, from: start, to: segment.endBytes }
  const stretches = [...scanSegment(file, range)]
  totals.scannedBytes += segment.endBytes - start
  const durableBytes = durableEnd(stretches, start)
  segment.durableBytes = durableBytes
  const torn = judge(parts, { ...replay, stretches, durableBytes })
  neutralise(parts, segment, { stretches, torn })
  totals.tornBytes += sumBytes(torn)
  if (stretches.length > 0) {
    writeAgain(log.writer(segment), durableBytes, segment.endBytes)
    segment.dirty = true
  }
  log.replayedTo = { segment: segment.number, offset: segment.endBytes }
  if (notesItsEnd(stretches.at(-1))) segment.notedBytes = segment.endBytes
  await parts.persist()
  segment.durableBytes = segment.endBytes
}

// What a failed sync could not write the kernel may have dropped, and call it clean since: written again it reaches the
// disk with the next sync, or that fails.
function writeAgain(file: DiskFile, from: number, to: number): void {
  const bytes = Buffer.allocUnsafe(Math.min(COPY_BYTES, Math.max(0, to - from)))
  for (let at = from; at < to; ) {
    const read = file.read(bytes.subarray(0, Math.min(bytes.byteLength, to - at)), at)
    if (read === 0) return
    file.write([bytes.subarray(0, read)], at)
    at += read
  }
}

const COPY_BYTES = 2 ** 20

function notesItsEnd(last: Stretch | undefined): boolean {
  return last?.kind === 'record' && last.header.kind === 'void' && last.header.durableBytes === last.offset
}

// Records say how far the segment was durable when they were written: the furthest claim is a lower bound.
function durableEnd(stretches: readonly Stretch[], start: number): number {
  let end = start
  for (const stretch of stretches) {
    if (stretch.kind === 'record') end = Math.max(end, stretch.header.durableBytes)
  }
  return end
}

interface Judging extends Replay {
  readonly stretches: readonly Stretch[]
  readonly durableBytes: number
}

// Takes over what is whole; returns what a crash tore.
function judge(parts: RecoveryParts, judging: Judging): Set<Stretch> {
  const torn = new Set<Stretch>()
  for (const stretch of judging.stretches) {
    const wasDurable = stretch.offset < judging.durableBytes
    if (stretch.kind === 'record' && isWhole(parts, judging, stretch)) {
      apply(parts, judging.segment, stretch)
    } else if (!wasDurable) {
      torn.add(stretch)
    } else {
      judging.totals.damagedBytes += stretch.bytes
      reportDamage(parts, judging.segment, stretch)
    }
  }
  return torn
}

type RecordStretch = Extract<Stretch, { kind: 'record' }>

// Making everything anew does not read the bodies of what was durable: reads and scrub verify those.
function isWhole(
  { log }: RecoveryParts,
  { segment, durableBytes, isRebuilt }: Judging,
  record: RecordStretch,
): boolean {
  const { kind } = record.header
  if (kind === 'void' || (kind === 'chunk' && isRebuilt && record.offset < durableBytes)) return true
  return readBody(log, segment, record) !== undefined
}

function readBody(log: SegmentLog, segment: Segment, { header, offset }: RecordStretch): Buffer | undefined {
  const into = Buffer.allocUnsafeSlow(header.storedBytes)
  const body: Body = { digest: header.digest, offset, storedBytes: header.storedBytes }
  return readVerified(log.reader(segment.number), body, into, 0) ? into : undefined
}

function apply(parts: RecoveryParts, segment: Segment, record: RecordStretch): void {
  const { header, offset } = record
  if (header.kind === 'chunk') applyChunk(parts.table, segment.number, record)
  if (header.kind !== 'states') return
  const body = readBody(parts.log, segment, record)
  if (body === undefined) throw chunkFault('Io', `segment ${segment.number} changed while it was read`)
  for (const entry of decodeStates(body)) applyState(parts.table, entry, { segment: segment.number, offset })
}

// Of several records of one chunk the last one counts: it was written because the others were not good any more. But a
// whole one counts more than damage: a put that began before the name of lost bytes was written ended after it.
function applyChunk(table: ChunkTable, segment: number, { header, offset }: RecordStretch): void {
  const { digest, plainBytes, storedBytes, codec, state } = header
  const known = table.get(digest)
  if (known !== undefined && known.state !== 'quarantined' && isBefore({ segment, offset }, known)) return
  table.set(digest, { segment, offset, plainBytes, storedBytes, codec, state })
}

function applyState(table: ChunkTable, entry: StateEntry, at: LogPosition): void {
  const { digest, state, plainBytes } = entry
  const known = table.get(digest)
  if (entry.segment === NO_SEGMENT && state === 'quarantined') {
    if (known !== undefined && (known.state !== 'quarantined' || isBefore(at, known))) return
    table.set(digest, { ...at, plainBytes, storedBytes: 0, codec: 'raw', state })
  } else if (known !== undefined && known.segment === entry.segment && known.offset === entry.offset) {
    table.set(digest, state === 'deleted' ? undefined : { ...known, state })
  }
}

// What a crash tore is cut when nothing whole follows, else marked to be skipped.
function neutralise(parts: RecoveryParts, segment: Segment, scan: { stretches: Stretch[]; torn: Set<Stretch> }): void {
  const { stretches, torn } = scan
  const lastWhole = stretches.findLastIndex(stretch => !torn.has(stretch))
  const keptEnd = stretches[lastWhole]
  const tail = stretches.slice(lastWhole + 1)
  if (tail.length > 0) {
    segment.endBytes = keptEnd === undefined ? (tail[0]?.offset ?? segment.endBytes) : keptEnd.offset + keptEnd.bytes
    parts.log.writer(segment).truncate(segment.endBytes)
  }
  for (const hole of joined(stretches.slice(0, lastWhole + 1).filter(stretch => torn.has(stretch)))) {
    if (segment.salt !== undefined) parts.log.writeVoid({ segment: segment.number, offset: hole.offset }, hole.bytes)
  }
}

// Neighbours become one stretch, so that every one has room for a header.
function joined(stretches: readonly Stretch[]): { offset: number; bytes: number }[] {
  const holes: { offset: number; bytes: number }[] = []
  for (const { offset, bytes } of stretches) {
    const before = holes.at(-1)
    if (before !== undefined && before.offset + before.bytes === offset) before.bytes += bytes
    else holes.push({ offset, bytes })
  }
  return holes
}

function reportDamage({ table, lines }: RecoveryParts, segment: Segment, stretch: Stretch): void {
  const where = { segment: segment.number, offset: stretch.offset, bytes: stretch.bytes }
  if (stretch.kind === 'gap' || stretch.header.kind !== 'chunk') {
    lines.warn('part of a chunk segment is unreadable', where)
    return
  }
  const { digest, plainBytes, storedBytes, codec } = stretch.header
  lines.warn('damaged chunk found', { digest: digestHex(digest), ...where })
  const known = table.get(digest)
  if (known !== undefined && isBefore({ segment: segment.number, offset: stretch.offset }, known)) return
  const place = { segment: segment.number, offset: stretch.offset }
  table.set(digest, { ...place, plainBytes, storedBytes, codec, state: 'quarantined' })
}

function sumBytes(stretches: Iterable<Stretch>): number {
  let sum = 0
  for (const { bytes } of stretches) sum += bytes
  return sum
}
