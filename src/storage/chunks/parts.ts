import type { World } from '#base'
import type { Candidates } from './candidates.ts'
import type { ChunkTable } from './chunk-table.ts'
import type { GroupSync } from './group-sync.ts'
import type { SegmentLog } from './segment-log.ts'
import type { Space } from './space.ts'
import type { ChunkWorkers } from './workers.ts'

/** What the steps of one open store share. */
export interface StoreParts {
  readonly world: World
  readonly log: SegmentLog
  readonly table: ChunkTable
  readonly space: Space
  readonly syncs: GroupSync
  readonly workers: ChunkWorkers
  readonly candidates: Candidates
  readonly compress: boolean
}
