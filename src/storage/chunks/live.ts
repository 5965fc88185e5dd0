import type { Digest } from '#base'
import type { ChunkRow } from './chunk-index.ts'
import type { StoreParts } from './parts.ts'
import { type Stretch, scanSegment } from './scan.ts'
import { SEGMENT_HEADER_BYTES } from './segment-header.ts'
import type { Segment } from './segment-log.ts'

/**
 * What a segment still gives: a chunk that the table finds here, or a record of states. `isHidden`: the scan met no header
 * of it, because that is damaged or was not written yet.
 */
export type LiveRecord =
  | { readonly kind: 'chunk'; readonly digest: Digest; readonly row: ChunkRow; readonly isHidden: boolean }
  | { readonly kind: 'states'; readonly stretch: Extract<Stretch, { kind: 'record' }> }

/**
 * Walks what is alive in a segment in the order of the disk, letting others run in between. A chunk whose header is
 * damaged comes last: only the index still knows where it lies.
 */
export async function* liveRecords(
  parts: StoreParts,
  segment: Segment,
  signal: AbortSignal,
): AsyncGenerator<LiveRecord> {
  const { log, table, world } = parts
  const range = { segment: segment.number, salt: segment.salt, from: SEGMENT_HEADER_BYTES, to: segment.endBytes }
  const file = { read: (into: Uint8Array, at: number) => log.reader(segment.number).read(into, at) }
  const gaps: Stretch[] = []
  let steps = 0
  for (const stretch of scanSegment(file, range)) {
    if (++steps % STEPS_PER_TURN === 0) await world.clock.sleep(1, signal)
    if (stretch.kind === 'gap') gaps.push(stretch)
    else if (stretch.header.kind === 'states') yield { kind: 'states', stretch }
    else if (stretch.header.kind === 'chunk') {
      const { digest } = stretch.header
      const row = table.get(digest)
      if (row?.segment === segment.number && row.offset === stretch.offset)
        yield { kind: 'chunk', digest, row, isHidden: false }
    }
  }
  if (gaps.length > 0) yield* rowsInside(parts, segment, { gaps, signal })
}

const STEPS_PER_TURN = 256
const ROWS_PER_PAGE = 512

interface Hidden {
  readonly gaps: readonly Stretch[]
  readonly signal: AbortSignal
}

async function* rowsInside(parts: StoreParts, segment: Segment, hidden: Hidden): AsyncGenerator<LiveRecord> {
  for (let from = ''; ; ) {
    await parts.world.clock.sleep(1, hidden.signal)
    const page = parts.table.page({ from }, ROWS_PER_PAGE)
    for (const { digest, row } of page) {
      const isHidden = hidden.gaps.some(gap => row.offset >= gap.offset && row.offset < gap.offset + gap.bytes)
      if (row.segment === segment.number && isHidden) yield { kind: 'chunk', digest, row, isHidden }
    }
    const last = page.at(-1)
    if (last === undefined) return
    from = `${last.digest}\0`
  }
}
