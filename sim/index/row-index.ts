import { defineFaults, isSystemError, type World } from '#base'
import { type IndexFactory, memoryIndex } from '#keyspace'
import { type Frame, FrameFile } from './frame-file.ts'

type RowIndex = Awaited<ReturnType<IndexFactory['open']>>

const APPLIED = 1
const COMPACTED = 2
const LOADED = 3
const LOADED_ALL = 4
const CLOSED = 5

/** The keyspace's index on the simulated disk: in memory, and told at each opening what the one before was told. */
export const keptRowIndex: IndexFactory = {
  async open(place) {
    const { world, folder } = place
    world.disk.makeFolder(folder)
    const { file, frames } = FrameFile.open(world.disk, pathIn(folder))
    const memory = await memoryIndex.open(place)
    const isLoading = frames.some(({ kind }) => kind === LOADED) && !frames.some(({ kind }) => kind === LOADED_ALL)
    if (isLoading) file.clear()
    else for (const frame of frames) await retell(memory, frame)
    return kept({ world, memory, file, folder, isClean: frames.length === 0 || frames.at(-1)?.kind === CLOSED })
  },
  remove: ({ world, folder }) => world.disk.remove(pathIn(folder)),
}

function pathIn(folder: string): string {
  return `${folder}/rows`
}

async function retell(memory: RowIndex, { kind, bytes }: Frame): Promise<void> {
  if (kind === APPLIED) await memory.apply(bytes)
  if (kind === COMPACTED) await memory.compact(JSON.parse(bytes.toString()))
  if (kind === LOADED) await memory.load(bytes, undefined)
  if (kind === LOADED_ALL) await memory.load(NOTHING, JSON.parse(bytes.toString()))
}

interface KeptParts {
  readonly world: World
  readonly memory: RowIndex
  readonly file: FrameFile
  readonly folder: string
  readonly isClean: boolean
}

function kept({ world, memory, file, folder, isClean }: KeptParts): RowIndex {
  // As by a thread: what is asked is done a moment later.
  const later = (): Promise<void> => world.clock.sleep(0, NEVER)
  const write = (kind: number, bytes: Uint8Array): void => {
    try {
      file.append(kind, bytes)
    } catch (error) {
      throw isSystemError(error) ? indexFault('DiskFull', 'no space left writing the index', { cause: error }) : error
    }
  }
  // SQLite brings its log into its file, and syncs that, when the last connection is closed.
  const closeCleanly = async (): Promise<void> => {
    write(CLOSED, NOTHING)
    await file.sync()
    await world.disk.syncFolder(folder)
  }
  return {
    get state() {
      return { ...memory.state, clean: isClean }
    },
    get: key => memory.get(key),
    range: query => memory.range(query),
    count: (span, revision) => memory.count(span, revision),
    countOf: (keys, revision) => memory.countOf(keys, revision),
    snapshot: reads => memory.snapshot(reads),
    leased: () => memory.leased(),
    async apply(records) {
      await later()
      write(APPLIED, records)
      await memory.apply(records)
    },
    async compact(revision) {
      await later()
      write(COMPACTED, Buffer.from(JSON.stringify(revision)))
      return await memory.compact(revision)
    },
    dump: after => memory.dump(after),
    async load(rows, state) {
      write(LOADED, rows)
      if (state !== undefined) write(LOADED_ALL, Buffer.from(JSON.stringify(state)))
      await memory.load(rows, state)
    },
    verify: async () => file.verify(),
    bytes: () => file.bytes,
    async close(clean) {
      try {
        if (clean) await closeCleanly()
      } finally {
        file.close()
      }
    },
  }
}

const indexFault = defineFaults({ DiskFull: { status: 507, retry: 'later' } })
const NOTHING = new Uint8Array(0)
const NEVER = new AbortController().signal
