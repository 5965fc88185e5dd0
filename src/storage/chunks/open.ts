import type { World } from '#base'
import { fillBallast } from './ballast.ts'
import { Candidates } from './candidates.ts'
import type { ChunkIndex } from './chunk-index.ts'
import type { ChunkStore } from './chunk-store.ts'
import { ChunkTable } from './chunk-table.ts'
import { chunkFault, diskFault } from './faults.ts'
import { GroupSync } from './group-sync.ts'
import { SEGMENT_BYTES_MAX } from './limits.ts'
import type { StoreParts } from './parts.ts'
import { type Recovery, recover } from './recovery.ts'
import { SegmentLog } from './segment-log.ts'
import { Space, type SpaceOptions } from './space.ts'
import { Store } from './store.ts'
import type { ChunkWorkers } from './workers.ts'

/** What a chunk store is opened with. */
export interface ChunkStoreOptions extends SpaceOptions {
  readonly world: World
  /** Created when missing; holds everything but, perhaps, the index. */
  readonly folder: string
  /** Not closed with the store: several stores may share it. */
  readonly workers: ChunkWorkers
  /** Belongs to the store from now on, which closes it. */
  readonly index: ChunkIndex
  /** `zstd` stores a body compressed when that makes it at least a tenth smaller. Default: raw. */
  readonly compress?: 'zstd' | undefined
  /** Where a segment ends. Default: 256 MiB. */
  readonly segmentBytesMax?: number | undefined
}

/**
 * Opens the chunk store in a folder, made when missing, and brings its index up to its segments.
 * Faults: InUse, NewerVersion, Unsupported, NoSpace, Io.
 */
export async function openChunkStore(options: ChunkStoreOptions): Promise<ChunkStore> {
  await using closing = new AsyncDisposableStack()
  closing.use(options.index)
  const { disk } = options.world
  disk.makeFolder(options.folder)
  const lock = disk.lock(`${options.folder}/lock`)
  if (lock === undefined) {
    const hint = 'Stop the other Cairn on this folder, or name another folder with --data.'
    throw chunkFault('InUse', `another process uses the chunk store ${options.folder}`, { hint })
  }
  closing.use(lock)
  try {
    return await openParts(options, closing)
  } catch (error) {
    throw diskFault(`open the chunk store ${options.folder}`, error)
  }
}

async function openParts(options: ChunkStoreOptions, closing: AsyncDisposableStack): Promise<ChunkStore> {
  const { world, folder } = options
  const segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX
  const { disk, entropy } = world
  const log = new SegmentLog({ disk, entropy, folder: `${folder}/segments`, segmentBytesMax })
  closing.defer(() => log.close())
  const parts = assemble(options, log)
  const recovery = await replay(parts)
  log.resume()
  const ending = new AbortController()
  const ballast = fillBallast(parts, ending.signal)
  closing.defer(() => parts.syncs.close())
  closing.defer(async () => {
    ending.abort()
    await ballast
  })
  const owned = closing.move()
  const rebuild = async (): Promise<void> => {
    parts.table.reset()
    await replay(parts)
  }
  return new Store(parts, { recovery, rebuild, close: () => owned.disposeAsync() })
}

function assemble(options: ChunkStoreOptions, log: SegmentLog): StoreParts {
  const { world, folder, workers, index } = options
  const table = new ChunkTable(index)
  const space = new Space(world, folder, options, () => log.bytes)
  const syncs = new GroupSync({ log, table, space, clock: world.clock })
  const compress = options.compress === 'zstd'
  return { world, log, table, space, syncs, workers, candidates: new Candidates(), compress }
}

async function replay({ log, table, world, syncs }: StoreParts): Promise<Recovery> {
  return await recover({ log, table, lines: world.log, persist: () => syncs.persist() })
}
