import { type Digest, digestHex, isSystemError } from '#base'
import type { ChunkRow } from './chunk-index.ts'
import { moveChunk } from './compact.ts'
import { diskFault } from './faults.ts'
import { type LiveRecord, liveRecords } from './live.ts'
import type { StoreParts } from './parts.ts'
import { decodeHeader, RECORD_HEADER_BYTES } from './record.ts'
import { changeStates, endQuarantine } from './states.ts'

/** How hard scrubbing works. */
export interface ScrubOptions {
  readonly bytesPerSecond: number
  /** Where to begin: what an earlier scrub told as {@link ScrubProgress.segment}. What was written later is always ahead. */
  readonly from?: number | undefined
  /** How many times slower it goes just now; asked before each chunk. */
  readonly slowness?: (() => number) | undefined
}

/**
 * What scrubbing says of one chunk. `found`: damaged, and quarantined from now on. `standing`: quarantined by then, and
 * no better now. `healed`: quarantined by then, and right now, so it is held again. `mended`: right, but only the index
 * knew where, because its header was damaged; it was written anew.
 */
export interface ScrubFinding {
  readonly digest: Digest
  readonly kind: 'found' | 'standing' | 'healed' | 'mended'
}

/** How far scrubbing is; told after every finding, every {@link REPORT_BYTES}, every segment, and at the end. */
export interface ScrubProgress {
  /** Chunks that were read, right or wrong. */
  readonly chunks: number
  readonly bytes: number
  /** Damage that stands: `found` and `standing`. */
  readonly damagedChunks: number
  readonly finding: ScrubFinding | undefined
  /** Everything before this segment has been read. */
  readonly segment: number
  readonly isDone: boolean
}

/** Verifies every live record; see {@link ChunkStore.scrub}. */
export async function* scrubChunks(
  parts: StoreParts,
  options: ScrubOptions,
  signal: AbortSignal,
): AsyncGenerator<ScrubProgress> {
  const { log, world } = parts
  const dueMs = world.clock.monotonicMs()
  const scrub: Scrub = { parts, options, signal, dueMs, segment: 0, chunks: 0, bytes: 0, damaged: new Set() }
  let told = 0
  for (const number of [...log.segments.keys()].sort((a, b) => a - b)) {
    const segment = log.segments.get(number)
    if (number < (options.from ?? 0)) continue
    if (segment === undefined) continue // compacted meanwhile: its chunks were verified on the way
    scrub.segment = number
    for await (const record of liveRecords(parts, segment, signal)) {
      if (record.kind !== 'chunk') continue
      const finding = await examine(scrub, record)
      if (finding === undefined && scrub.bytes - told < REPORT_BYTES) continue
      told = scrub.bytes
      yield progress(scrub, finding)
    }
    scrub.segment = number + 1
    yield progress(scrub, undefined)
  }
  for await (const finding of unread(scrub)) yield progress(scrub, finding)
  yield { ...progress(scrub, undefined), isDone: true }
}

const REPORT_BYTES = 64 * 1024 * 1024
const PAUSE_MS_MIN = 5
const ROWS_PER_PAGE = 512

type ChunkRecord = Extract<LiveRecord, { kind: 'chunk' }>

interface Scrub {
  readonly parts: StoreParts
  readonly options: ScrubOptions
  readonly signal: AbortSignal
  /** When what was read by now was due at this rate. */
  dueMs: number
  segment: number
  /** Those told as found or standing. */
  readonly damaged: Set<Digest>
  chunks: number
  bytes: number
}

function progress({ chunks, bytes, damaged, segment }: Scrub, finding: ScrubFinding | undefined): ScrubProgress {
  return { chunks, bytes, damagedChunks: damaged.size, finding, segment, isDone: false }
}

async function examine(scrub: Scrub, record: ChunkRecord): Promise<ScrubFinding | undefined> {
  const { parts, damaged } = scrub
  const { digest, row } = record
  await pace(scrub, row)
  // Twice, so that a flip on the way from the disk costs nothing; and only if the chunk still lies there.
  const isRight = (await isIntact(parts, digest, row)) || (await isIntact(parts, digest, row))
  const now = parts.table.get(digest)
  if (now?.segment !== row.segment || now.offset !== row.offset) return undefined
  const isLost = record.isHidden && !hasHeader(parts, digest, now)
  if (isRight) damaged.delete(digest)
  else damaged.add(digest)
  if (!isRight && now.state !== 'quarantined') {
    const { segment, offset } = row
    parts.world.log.warn('damaged chunk found', { digest: digestHex(digest), segment, offset })
    changeStates(parts, [digest], 'quarantined')
  }
  if (isLost) moveChunk(parts, digest, now)
  else if (isRight && now.state === 'quarantined') endQuarantine(parts, digest)
  if (!isRight) return { digest, kind: row.state === 'quarantined' ? 'standing' : 'found' }
  if (isLost) return { digest, kind: 'mended' }
  return now.state === 'quarantined' ? { digest, kind: 'healed' } : undefined
}

/** Reads a chunk in full; see {@link ChunkStore.verify}. */
export async function verifyChunk(parts: StoreParts, digest: Digest): Promise<boolean> {
  const row = parts.table.get(digest)
  if (row === undefined || row.state === 'quarantined') return false
  if ((await isIntact(parts, digest, row)) || (await isIntact(parts, digest, row))) return true
  const now = parts.table.get(digest)
  if (now?.segment !== row.segment || now.offset !== row.offset) return await verifyChunk(parts, digest)
  parts.world.log.warn('damaged chunk found', { digest: digestHex(digest), segment: row.segment, offset: row.offset })
  changeStates(parts, [digest], 'quarantined')
  return false
}

// Without its header recovery does not find a chunk: it would be gone with the index.
function hasHeader({ log }: StoreParts, digest: Digest, { segment, offset }: ChunkRow): boolean {
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES)
  try {
    log.reader(segment).read(bytes, offset)
  } catch (error) {
    throw diskFault('scrub a chunk', error)
  }
  return decodeHeader(bytes)?.digest === digest
}

async function pace(scrub: Scrub, { storedBytes }: ChunkRow): Promise<void> {
  const { clock } = scrub.parts.world
  const { bytesPerSecond, slowness } = scrub.options
  scrub.chunks++
  scrub.bytes += storedBytes
  scrub.dueMs += (storedBytes / bytesPerSecond) * 1000 * (slowness?.() ?? 1)
  const aheadMs = scrub.dueMs - clock.monotonicMs()
  if (aheadMs > PAUSE_MS_MIN) await clock.sleep(aheadMs, scrub.signal)
}

// Damage with nothing left to read, because compaction kept only the name, and what readers met meanwhile.
async function* unread({ parts, damaged, signal }: Scrub): AsyncGenerator<ScrubFinding> {
  for await (const digest of quarantinedChunks(parts, signal)) {
    if (damaged.has(digest)) continue
    damaged.add(digest)
    yield { digest, kind: 'standing' }
  }
}

/** The quarantined chunks in byte order, letting others run in between. */
export async function* quarantinedChunks({ table, world }: StoreParts, signal: AbortSignal): AsyncGenerator<Digest> {
  if (table.tally.states.quarantined.chunks === 0) return
  for (let from = ''; ; ) {
    await world.clock.sleep(1, signal)
    const page = table.page({ from }, ROWS_PER_PAGE)
    for (const { digest, row } of page) if (row.state === 'quarantined') yield digest
    const last = page.at(-1)
    if (last === undefined) return
    from = `${last.digest}\0`
  }
}

async function isIntact({ log, workers }: StoreParts, digest: Digest, row: ChunkRow): Promise<boolean> {
  const { storedBytes, plainBytes, codec } = row
  const path = log.segments.get(row.segment)?.path
  if (path === undefined) return false
  try {
    return await workers.verify({ path, body: { digest, offset: row.offset, storedBytes }, plainBytes, codec })
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false
    throw diskFault('scrub a chunk', error)
  }
}
