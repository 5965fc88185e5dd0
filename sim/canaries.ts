import { bytesOf, type Digest, isFault, isLater } from '#base'
import type { ChunkSource } from '#storage/fs'
import type { ChunkStore } from '#storage/chunks'
import type { DiskFaults, DiskOperation } from './disk/faults.ts'
import type { PlanKind } from './plan.ts'
import { CHUNKS_FOLDER, KEYSPACE_FOLDER } from './stack.ts'
import type { SimWorld } from './world.ts'

/** A bug planted on purpose, outside the program: the simulator is worth something as long as it finds it. */
export interface Canary {
  readonly name: string
  /** The kind of run that must find it. */
  readonly plan: PlanKind
  /** It is found within so many seeds from 1 on. */
  readonly seedsMax: number
  readonly faults: (faults: DiskFaults) => DiskFaults
  readonly chunkSource: (chunks: ChunkStore, world: SimWorld) => ChunkSource
  /** True for a chunk that is said to be needed by nobody. */
  readonly forgets?: (digest: Digest) => boolean
}

const AS_IT_IS = { faults: (faults: DiskFaults) => faults, chunkSource: (chunks: ChunkStore) => chunks }

/** All canaries, by name. */
export const CANARIES: readonly Canary[] = [
  {
    ...AS_IT_IS,
    name: 'lost-log-sync',
    plan: 'power',
    seedsMax: 20,
    faults: lying(({ kind, path }) => kind === 'sync' && path.startsWith(KEYSPACE_FOLDER)),
  },
  {
    ...AS_IT_IS,
    name: 'lost-chunk-sync',
    plan: 'power',
    seedsMax: 20,
    faults: lying(({ kind, path }) => kind === 'sync' && path.startsWith(CHUNKS_FOLDER)),
  },
  {
    ...AS_IT_IS,
    name: 'lost-name-sync',
    plan: 'power',
    seedsMax: 20,
    faults: lying(({ kind, path }) => kind === 'syncFolder' && path.startsWith(CHUNKS_FOLDER)),
  },
  { ...AS_IT_IS, name: 'unchecked-read', plan: 'rot', seedsMax: 20, chunkSource: unchecked },
]

/** The canary of a name; undefined for none. */
export function canaryOf(name: string | undefined): Canary | undefined {
  return CANARIES.find(canary => canary.name === name)
}

// A sync that is skipped: it says that it was done.
function lying(lies: (operation: DiskOperation) => boolean): (faults: DiskFaults) => DiskFaults {
  return faults => ({ fault: operation => faults.fault(operation), crash: operation => faults.crash(operation), lies })
}

// A read whose checksums nobody looks at: what is on the disk is served, right or wrong.
function unchecked(chunks: ChunkStore, world: SimWorld): ChunkSource {
  return {
    put: bytes => chunks.put(bytes),
    has: digest => chunks.has(digest),
    sync: () => chunks.sync(),
    reserve: bytes => chunks.reserve(bytes),
    space: () => chunks.space(),
    read: (digest, into, offset) => {
      const serve = (error: unknown): void => {
        if (!isFault(error, 'ChunkDamaged')) throw error
        serveUnchecked(world, digest, { into, offset })
      }
      try {
        const answer = chunks.read(digest, into, offset)
        return isLater(answer) ? answer.then(undefined, serve) : answer
      } catch (error) {
        serve(error)
      }
    },
  }
}

function serveUnchecked(world: SimWorld, digest: Digest, range: { into: Uint8Array; offset: number }): void {
  for (const [path, file] of world.disk.image.names) {
    if (file === 'folder' || !path.endsWith('.seg')) continue
    const name = file.cached.view.indexOf(bytesOf(digest))
    if (name < 0) continue
    const body = name - DIGEST_AT + HEADER_BYTES + range.offset
    range.into.set(file.cached.view.subarray(body, body + range.into.byteLength))
    return
  }
}

// A chunk record v1: header of 96 bytes, the digest at byte 28 of it, then the body.
const HEADER_BYTES = 96
const DIGEST_AT = 28
