import { type Digest, digestHex, isSystemError } from '#base'
import type { ChunkRow } from './chunk-index.ts'
import { diskFault } from './faults.ts'
import { liveRecords } from './live.ts'
import type { StoreParts } from './parts.ts'
import { changeStates } from './states.ts'

/** How hard scrubbing works. */
export interface ScrubOptions {
  readonly bytesPerSecond: number
}

/** How far scrubbing is; told after every damaged chunk, every {@link REPORT_BYTES}, and at the end. */
export interface ScrubProgress {
  readonly chunks: number
  readonly bytes: number
  readonly damagedChunks: number
  /** The chunk that was found damaged just now, and is quarantined. */
  readonly damaged: Digest | undefined
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
  const totals = { chunks: 0, bytes: 0, damagedChunks: 0 }
  let told = 0
  for (const number of [...log.segments.keys()].sort((a, b) => a - b)) {
    const segment = log.segments.get(number)
    if (segment === undefined) continue // compacted meanwhile: its chunks were verified on the way
    for await (const record of liveRecords(parts, segment, signal)) {
      if (record.kind !== 'chunk' || record.row.state === 'quarantined') continue
      const { digest, row } = record
      totals.chunks++
      totals.bytes += row.storedBytes
      const aheadMs = (totals.bytes / options.bytesPerSecond) * 1000 - (world.clock.monotonicMs() - startMs)
      if (aheadMs > PAUSE_MS_MIN) await world.clock.sleep(aheadMs, signal)
      const damaged = await isDamaged(parts, digest, row)
      if (damaged) totals.damagedChunks++
      if (!damaged && totals.bytes - told < REPORT_BYTES) continue
      told = totals.bytes
      yield { ...totals, damaged: damaged ? digest : undefined, isDone: false }
    }
  }
  yield { ...totals, damaged: undefined, isDone: true }
}

const REPORT_BYTES = 64 * 1024 * 1024
const PAUSE_MS_MIN = 5

// Twice, so that a flip on the way from the disk costs nothing; and only if the chunk still lies there.
async function isDamaged(parts: StoreParts, digest: Digest, row: ChunkRow): Promise<boolean> {
  if ((await isIntact(parts, digest, row)) || (await isIntact(parts, digest, row))) return false
  const now = parts.table.get(digest)
  if (now?.segment !== row.segment || now.offset !== row.offset) return false
  parts.world.log.warn('damaged chunk found', { digest: digestHex(digest), segment: row.segment, offset: row.offset })
  changeStates(parts, [digest], 'quarantined')
  return true
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
