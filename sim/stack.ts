import { afterChunks, type ChunkSource, type Filesystem, openFilesystem } from '#storage/fs'
import { type ChunkStore, type ChunkWorkers, inlineWorkers, lateWorkers, openChunkStore } from '#storage/chunks'
import { type LocalKeyspace, openEmbeddedKeyspace } from '#keyspace'
import { keptChunkIndex } from './index/chunk-index.ts'
import { keptRowIndex } from './index/row-index.ts'
import type { SimWorld } from './world.ts'

/** The real program on one simulated machine: chunk store, keyspace, and a filesystem over both. */
export interface Stack {
  readonly chunks: ChunkStore
  readonly keyspace: LocalKeyspace
  readonly fs: Filesystem
  /** Closes everything in order; all is durable then. */
  close(): Promise<void>
}

/** What differs from run to run. */
export interface StackOptions {
  readonly chunkBytes: number
  readonly segmentBytesMax: number
  readonly ballastBytes: number
  /** Chunks are hashed and stored beside other work, as by threads. */
  readonly hasThreads: boolean
  readonly bootId: string
  readonly isMounted: boolean
  /** Hears the keyspace's revision as it was found, before the filesystem added to it. */
  readonly found: (revision: number) => void
  /** Puts something between the filesystem and its chunks. */
  readonly chunkSource: (chunks: ChunkStore, world: SimWorld) => ChunkSource
  /** Puts something between the log and the chunks that its records name. */
  readonly order: (order: LogOrder) => LogOrder
}

/** What keeps chunks before the records that name them. */
export type LogOrder = ReturnType<typeof afterChunks>

export async function openStack(world: SimWorld, options: StackOptions): Promise<Stack> {
  const { segmentBytesMax, ballastBytes, chunkBytes, bootId, isMounted } = options
  const workers = workersOf(world, options)
  const folder = CHUNKS_FOLDER
  world.disk.makeFolder(folder)
  const index = keptChunkIndex(world.disk, `${folder}/index`)
  const chunks = await openChunkStore({ world, folder, workers, index, segmentBytesMax, ballastBytes })
  const keyspace = await openEmbeddedKeyspace({
    world,
    folder: KEYSPACE_FOLDER,
    index: keptRowIndex,
    history: { ms: 0, revisions: 0 },
    ...options.order(afterChunks(chunks)),
  })
  options.found(keyspace.revision)
  const fs = await openFilesystem({
    world,
    folder: FILESYSTEM_FOLDER,
    name: 'home',
    keyspace,
    chunks: options.chunkSource(chunks, world),
    bootId,
    isMounted,
    owner: { uid: 0, gid: 0 },
    chunkBytes,
  })
  const close = async (): Promise<void> => {
    await fs[Symbol.asyncDispose]()
    await keyspace[Symbol.asyncDispose]()
    await chunks[Symbol.asyncDispose]()
    await workers[Symbol.asyncDispose]()
  }
  return { chunks, keyspace, fs, close }
}

function workersOf({ clock, disk, entropy }: SimWorld, { hasThreads }: StackOptions): ChunkWorkers {
  if (!hasThreads) return inlineWorkers(disk)
  const never = new AbortController().signal
  return lateWorkers(disk, () => clock.sleep((entropy.bytes(1)[0] ?? 0) / JOB_MS_SHARE, never))
}

/** A job takes up to 255 of these parts of a millisecond. */
const JOB_MS_SHARE = 64

/** Where the chunk store is on the simulated disk. */
export const CHUNKS_FOLDER = '/data/chunks'
/** Where the keyspace is on the simulated disk. */
export const KEYSPACE_FOLDER = '/data/meta'
const FILESYSTEM_FOLDER = '/data/fs'
/** Where writes wait on the simulated disk until they have landed. */
export const STAGING_PATH = `${FILESYSTEM_FOLDER}/staging`
