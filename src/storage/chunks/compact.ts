import { type Digest, digestHex } from '#base'
import { readVerified } from './blocks.ts'
import type { ChunkRow, LogPosition } from './chunk-index.ts'
import { diskFault } from './faults.ts'
import type { StoreParts } from './parts.ts'
import {
  checkTable,
  decodeStates,
  encodeHeader,
  hashOf,
  NO_SEGMENT,
  recordBytes,
  STATE_ENTRY_BYTES,
  type StateEntry,
} from './record.ts'
import { unpack } from './jobs.ts'
import { ACTIVE_DEAD_BYTES_MIN } from './limits.ts'
import { liveRecords } from './live.ts'
import type { Stretch } from './scan.ts'
import { SEGMENT_HEADER_BYTES } from './segment-header.ts'
import type { Segment } from './segment-log.ts'
import { appendStates } from './states.ts'

/** What compaction did. */
export interface Compaction {
  readonly segmentsRemoved: number
  readonly bytesReturned: number
}

const DEAD_SHARE_MIN = 0.5
const GAIN_SHARE_MIN = 0.25

/** Rewrites what is alive in mostly dead segments and removes them; see {@link ChunkStore.compact}. */
export async function compactSegments(parts: StoreParts, signal: AbortSignal): Promise<Compaction> {
  const { log } = parts
  const before = log.bytes
  let segmentsRemoved = 0
  leaveActive(parts)
  for (const number of [...log.segments.keys()].sort((a, b) => a - b)) {
    signal.throwIfAborted()
    const segment = log.segment(number)
    if (!isWorthwhile(parts, segment)) continue
    const kept = await keptOf(parts, segment, signal)
    if (sumBytes(kept) > (segment.endBytes - SEGMENT_HEADER_BYTES) * (1 - GAIN_SHARE_MIN)) continue
    if (await moveSegment(parts, segment, kept)) segmentsRemoved++
  }
  return { segmentsRemoved, bytesReturned: before - log.bytes }
}

// What is dead in the segment being written comes back too: else a small store would never give anything back.
function leaveActive(parts: StoreParts): void {
  const { log, space } = parts
  const { active } = log
  if (active === undefined || log.isWriting(active.number)) return
  const { dead, full } = deadIn(parts, active)
  if (dead >= ACTIVE_DEAD_BYTES_MIN && dead / full >= DEAD_SHARE_MIN) space.withBallast(() => log.begin())
}

function isWorthwhile(parts: StoreParts, segment: Segment): boolean {
  const { log } = parts
  if (segment === log.active || log.isWriting(segment.number)) return false
  const { dead, full } = deadIn(parts, segment)
  return full <= 0 || dead / full >= DEAD_SHARE_MIN
}

function deadIn({ table }: StoreParts, segment: Segment): { readonly dead: number; readonly full: number } {
  const full = segment.endBytes - SEGMENT_HEADER_BYTES
  return { dead: full - (table.tally.live.get(segment.number) ?? 0), full }
}

type Kept =
  | { readonly kind: 'chunk'; readonly digest: Digest; readonly row: ChunkRow }
  | { readonly kind: 'states'; readonly entries: readonly StateEntry[] }

async function keptOf(parts: StoreParts, segment: Segment, signal: AbortSignal): Promise<Kept[]> {
  const kept: Kept[] = []
  for await (const record of liveRecords(parts, segment, signal)) {
    if (record.kind === 'chunk') kept.push(record)
    else {
      const entries = neededStates(parts, segment, record.stretch)
      if (entries.length > 0) kept.push({ kind: 'states', entries })
    }
  }
  return kept
}

type RecordStretch = Extract<Stretch, { kind: 'record' }>

// A state is needed while the record it speaks of exists and nothing later speaks of it.
function neededStates({ log, table }: StoreParts, segment: Segment, stretch: RecordStretch): StateEntry[] {
  const { digest, storedBytes } = stretch.header
  const body = Buffer.allocUnsafeSlow(storedBytes)
  const file = log.reader(segment.number)
  if (!readVerified(file, { digest, offset: stretch.offset, storedBytes }, body, 0)) return []
  return decodeStates(body).filter(entry => {
    const row = table.get(entry.digest)
    if (entry.segment === NO_SEGMENT) return row?.segment === segment.number && row.offset === stretch.offset
    if (entry.segment === segment.number || !log.segments.has(entry.segment)) return false
    if (row?.segment === entry.segment && row.offset === entry.offset) return row.state === entry.state
    return entry.state === 'deleted' || entry.state === 'quarantined'
  })
}

// The old segment goes only when the copies and the index that names them are durable: a crash before leaves both.
async function moveSegment(parts: StoreParts, segment: Segment, kept: readonly Kept[]): Promise<boolean> {
  const { log, syncs, table, workers, world } = parts
  const never = new AbortController().signal
  for (const [step, one] of kept.entries()) {
    if (one.kind === 'states') moveStates(parts, one.entries)
    else moveChunk(parts, one.digest, one.row)
    if (step % STEPS_PER_TURN === 0) await world.clock.sleep(1, never)
  }
  await syncs.persist()
  if (table.tally.live.has(segment.number)) return false
  await workers.forget(segment.path)
  await log.remove(segment.number)
  return true
}

const STEPS_PER_TURN = 4

function moveStates(parts: StoreParts, entries: readonly StateEntry[]): void {
  const markers = entries.filter(entry => entry.segment === NO_SEGMENT)
  const others = entries.filter(entry => entry.segment !== NO_SEGMENT)
  if (others.length > 0) appendStates(parts, others)
  for (const { digest } of markers) {
    const row = parts.table.get(digest)
    if (row?.state === 'quarantined') keepName(parts, digest, row)
  }
}

/** Writes a chunk that still lies where it was to the end of the log; keeps only its name when it is damaged. */
export function moveChunk(parts: StoreParts, digest: Digest, was: ChunkRow): void {
  const row = parts.table.get(digest)
  if (row?.segment !== was.segment || row.offset !== was.offset) return
  const body = readBody(parts, digest, row)
  if (body === undefined) return keepName(parts, digest, row)
  const state = row.state === 'quarantined' ? 'held' : row.state
  try {
    const place = parts.space.withBallast(() => writeCopy(parts, { digest, row: { ...row, state }, body }))
    parts.table.set(digest, { ...row, ...place, state })
  } catch (error) {
    throw diskFault('compact chunks', error)
  }
}

// Twice, so that a flip on the way from the disk costs nothing: after this the bytes are gone. What is quarantined and
// can be read after all must have its name.
function readBody({ log }: StoreParts, digest: Digest, row: ChunkRow): Buffer | undefined {
  const { offset, storedBytes, state, codec, plainBytes } = row
  const body = Buffer.allocUnsafeSlow(storedBytes)
  const isRead = (): boolean => readVerified(log.reader(row.segment), { digest, offset, storedBytes }, body, 0)
  if (!isRead() && !isRead()) return undefined
  if (state !== 'quarantined') return body
  const plain = unpack(body, codec, plainBytes)
  return plain !== undefined && hashOf(plain) === digest ? body : undefined
}

// The bytes are lost; that they were here and are damaged is not. The record is told to be quarantined too: recovery
// lets the name alone give way to every record that is not.
function keepName(parts: StoreParts, digest: Digest, row: ChunkRow): void {
  const { plainBytes, segment, offset } = row
  const state = 'quarantined'
  if (row.state !== state) parts.world.log.warn('damaged chunk found', { digest: digestHex(digest) })
  const place = appendStates(parts, [
    { digest, segment, offset, plainBytes, state },
    { digest, segment: NO_SEGMENT, offset: 0, plainBytes, state },
  ])
  parts.table.set(digest, { ...place, plainBytes, storedBytes: 0, codec: 'raw', state: 'quarantined' })
}

interface Copy {
  readonly digest: Digest
  readonly row: ChunkRow
  readonly body: Buffer
}

function writeCopy({ log }: StoreParts, { digest, row, body }: Copy): LogPosition {
  const bytes = recordBytes(body.byteLength)
  const place = log.allocate(bytes)
  const segment = log.segment(place.segment)
  const { durableBytes } = segment
  const { codec, state, plainBytes, storedBytes } = row
  const where = { segment: segment.number, salt: log.salt(segment), durableBytes }
  try {
    const header = encodeHeader({ kind: 'chunk', codec, state, plainBytes, storedBytes, digest, ...where })
    log.writer(segment).write([header, body, checkTable(body, digest)], place.offset)
  } catch (error) {
    log.abandon(place, bytes)
    throw error
  }
  log.settle(place)
  return place
}

function sumBytes(kept: readonly Kept[]): number {
  let sum = 0
  for (const one of kept) {
    sum += one.kind === 'chunk' ? recordBytes(one.row.storedBytes) : recordBytes(STATE_ENTRY_BYTES * one.entries.length)
  }
  return sum
}
