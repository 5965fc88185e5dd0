import { type Digest, digestHex, isSystemError } from '#base'
import type { ChunkRow } from './chunk-index.ts'
import { diskFault } from './faults.ts'
import { liveRecords } from './live.ts'
import type { StoreParts } from './parts.ts'
import { changeStates, endQuarantine } from './states.ts'

/** How hard scrubbing works. */
export interface ScrubOptions {
  readonly bytesPerSecond: number
}

/**
 * What scrubbing says of one chunk. `found`: damaged, and quarantined from now on. `standing`: quarantined by then, and
 * no better now. `healed`: quarantined by then, and right now, so it is held again.
 */
export interface ScrubFinding {
  readonly digest: Digest
  readonly kind: 'found' | 'standing' | 'healed'
}

/** How far scrubbing is; told after every finding, every {@link REPORT_BYTES}, and at the end. */
export interface ScrubProgress {
  /** Chunks that were read, right or wrong. */
  readonly chunks: number
  readonly bytes: number
  /** Damage that stands: `found` and `standing`. */
  readonly damagedChunks: number
  readonly finding: ScrubFinding | undefined
  readonly isDone: boolean
}

/** Verifies every live record; see {@link ChunkStore.scrub}. */
export async function* scrubChunks(
  parts: StoreParts,
  options: ScrubOptions,
  signal: AbortSignal,
): AsyncGenerator<ScrubProgress> {
  const { log, world } = parts
  const startMs = world.clock.monotonicMs()
  const scrub: Scrub = { parts, options, signal, startMs, chunks: 0, bytes: 0, damaged: new Set() }
  let told = 0
  for (const number of [...log.segments.keys()].sort((a, b) => a - b)) {
    const segment = log.segments.get(number)
    if (segment === undefined) continue // compacted meanwhile: its chunks were verified on the way
    for await (const record of liveRecords(parts, segment, signal)) {
      if (record.kind !== 'chunk') continue
      const finding = await examine(scrub, record.digest, record.row)
      if (finding === undefined && scrub.bytes - told < REPORT_BYTES) continue
      told = scrub.bytes
      yield progress(scrub, finding)
    }
  }
  for await (const finding of unread(scrub)) yield progress(scrub, finding)
  yield { ...progress(scrub, undefined), isDone: true }
}

const REPORT_BYTES = 64 * 1024 * 1024
const PAUSE_MS_MIN = 5
const ROWS_PER_PAGE = 512

interface Scrub {
  readonly parts: StoreParts
  readonly options: ScrubOptions
  readonly signal: AbortSignal
  readonly startMs: number
  /** Those told as found or standing. */
  readonly damaged: Set<Digest>
  chunks: number
  bytes: number
}

function progress({ chunks, bytes, damaged }: Scrub, finding: ScrubFinding | undefined): ScrubProgress {
  return { chunks, bytes, damagedChunks: damaged.size, finding, isDone: false }
}

// Twice, so that a flip on the way from the disk costs nothing; and only if the chunk still lies there.
async function examine(scrub: Scrub, digest: Digest, row: ChunkRow): Promise<ScrubFinding | undefined> {
  const { parts } = scrub
  await pace(scrub, row)
  const isRight = (await isIntact(parts, digest, row)) || (await isIntact(parts, digest, row))
  const now = parts.table.get(digest)
  if (now?.segment !== row.segment || now.offset !== row.offset) return undefined
  if (isRight) {
    if (now.state !== 'quarantined') return undefined
    endQuarantine(parts, digest)
    scrub.damaged.delete(digest)
    return { digest, kind: 'healed' }
  }
  scrub.damaged.add(digest)
  if (row.state === 'quarantined') return { digest, kind: 'standing' }
  parts.world.log.warn('damaged chunk found', { digest: digestHex(digest), segment: row.segment, offset: row.offset })
  changeStates(parts, [digest], 'quarantined')
  return { digest, kind: 'found' }
}

async function pace(scrub: Scrub, { storedBytes }: ChunkRow): Promise<void> {
  const { clock } = scrub.parts.world
  scrub.chunks++
  scrub.bytes += storedBytes
  const aheadMs = (scrub.bytes / scrub.options.bytesPerSecond) * 1000 - (clock.monotonicMs() - scrub.startMs)
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
    await world.clock.sleep(0, signal)
    const page = table.page(from, ROWS_PER_PAGE)
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
