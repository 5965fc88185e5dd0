import { AssertionFault, isFault, whyOf, type World } from '#base'
import { type ChunkStore, type ChunkWorkers, openChunkStore, sqliteIndex } from '#storage/chunks'
import type { DiskPart } from '#storage/disks'
import { Scrubber } from '../storage/scrubber.ts'
import type { DiskRecord } from './disk-file.ts'
import { identityAt } from './identity.ts'
import type { Machine } from './machine.ts'

/** A disk that is there. */
export interface OpenDisk {
  readonly id: string
  /** The folder on it, which for the first is the data folder. */
  readonly path: string
  readonly store: ChunkStore
  readonly scrubber: Scrubber
}

/** A disk that is not, and why, for people. */
export interface AwayDisk {
  readonly state: 'Missing' | 'Failing'
  readonly why: string
}

/** What stores are opened with. */
export interface StoreParts {
  readonly world: World
  readonly workers: ChunkWorkers
  readonly machine: Machine
}

/** Opens the store in `FOLDER/chunks`, made when missing. Faults: those of the chunk store; the system's own errors. */
export async function openStoreIn(
  { world, workers, machine }: StoreParts,
  { path, bytesMax }: Pick<DiskRecord, 'path' | 'bytesMax'>,
): Promise<ChunkStore> {
  const folder = chunksIn(path)
  world.disk.makeFolder(folder)
  const index = sqliteIndex(`${folder}/index.sqlite`)
  const { ballastBytes } = machine
  return await openChunkStore({ world, folder, workers, index, bytesMax, ballastBytes, shared: !machine.isOwn(path) })
}

/** Where the chunks of a disk lie. */
export function chunksIn(path: string): string {
  return `${path}/chunks`
}

/** The disk with its scrubber, which is closed before the store is. */
export function withScrubber(world: World, { id, path }: Pick<DiskRecord, 'id' | 'path'>, store: ChunkStore): OpenDisk {
  return { id, path, store, scrubber: new Scrubber({ world, folder: chunksIn(path), chunks: store }) }
}

/** Opens a disk that the machine remembers. A folder without its identity is never taken for the disk, however empty it is. */
export async function tryOpen(parts: StoreParts, record: DiskRecord): Promise<OpenDisk | AwayDisk> {
  if (record.failed !== undefined) return { state: 'Failing', why: record.failed }
  try {
    const found =
      parts.world.disk.stat(record.path)?.kind === 'folder' ? identityAt(parts.world.disk, record.path) : undefined
    if (found === undefined)
      return { state: 'Missing', why: 'its folder is empty or not there: connect and mount the disk' }
    if (found !== record.id)
      return { state: 'Missing', why: 'another disk of Cairn is in its folder: mount the right one' }
    return withScrubber(parts.world, record, await openStoreIn(parts, record))
  } catch (error) {
    if (isFault(error, 'InUse')) return { state: 'Missing', why: 'another process uses it' }
    if (error instanceof AssertionFault) throw error // a failing disk throws anything: SQLite's errors too
    return { state: 'Failing', why: `it cannot be opened: ${whyOf(error)}` }
  }
}

/** As the others see it. */
export function partOf({ id, store }: OpenDisk): DiskPart {
  return { id, store, weight: Math.floor(store.space().totalBytes / MIB) }
}

const MIB = 1024 * 1024
