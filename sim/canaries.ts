import { bytesOf, type Digest, isFault, isLater } from '#base'
import type { ChunkSource } from '#storage/fs'
import type { ChunkStore } from '#storage/chunks'
import type { DiskFaults, DiskOperation } from './disk/faults.ts'
import type { PlanKind } from './plan.ts'
import { CHUNKS_FOLDER, KEYSPACE_FOLDER, type LogOrder, type Stack, STAGING_PATH } from './stack.ts'
import type { SimWorld } from './world.ts'

/** A bug planted on purpose, outside the program: the simulator is worth something as long as it finds it. */
export interface Canary {
  readonly name: string
  /** The kind of run that must find it. */
  readonly plan: PlanKind
  /** It is found within so many seeds from 1 on. */
  readonly seedsMax: number
  /** True for an operation of the disk that says it was done, and was not. */
  readonly lies?: (operation: DiskOperation) => boolean
  /** Stands between the filesystem and its chunks. */
  readonly chunkSource?: (chunks: ChunkStore, world: SimWorld) => ChunkSource
  /** Stands between the log and the chunks that its records name. */
  readonly order?: (order: LogOrder) => LogOrder
  /** What the filesystem is told of the boot it runs in. */
  readonly bootId?: (bootId: string) => string
  /** Spoils the program when it is open. */
  readonly plant?: (stack: Stack) => void
  /** True for a chunk that collection is told nobody needs. */
  readonly forgets?: (digest: Digest) => boolean
}

/** All canaries, by name. */
export const CANARIES: readonly Canary[] = [
  {
    name: 'lost-log-sync',
    plan: 'power',
    seedsMax: 10,
    lies: ({ kind, path }) => kind === 'sync' && path.startsWith(KEYSPACE_FOLDER),
  },
  {
    name: 'lost-chunk-sync',
    plan: 'power',
    seedsMax: 10,
    lies: ({ kind, path }) => kind === 'sync' && path.startsWith(CHUNKS_FOLDER),
  },
  {
    name: 'lost-name-sync',
    plan: 'power',
    seedsMax: 20,
    lies: ({ kind, path }) => kind === 'syncFolder' && path.startsWith(CHUNKS_FOLDER),
  },
  {
    name: 'early-fsync',
    plan: 'power',
    seedsMax: 20,
    plant: ({ fs }) => {
      fs.vfs.sync = () => undefined
    },
  },
  {
    name: 'log-before-chunks',
    plan: 'power',
    seedsMax: 20,
    order: order => ({ ...order, beforeSync: async () => undefined }),
  },
  {
    name: 'lost-chunks-overlooked',
    plan: 'power',
    seedsMax: 160,
    order: order => ({ ...order, survived: async () => true }),
  },
  {
    name: 'lost-staging-write',
    plan: 'kill',
    seedsMax: 20,
    lies: ({ kind, path, bytes, number }) =>
      kind === 'write' && path === STAGING_PATH && bytes !== LANDING_BYTES && number % 3 === 0,
  },
  {
    name: 'lost-landing',
    plan: 'kill',
    seedsMax: 40,
    lies: ({ kind, path, bytes }) => kind === 'write' && path === STAGING_PATH && bytes === LANDING_BYTES,
  },
  { name: 'staging-of-another-boot', plan: 'power', seedsMax: 40, bootId: () => '0'.repeat(32) },
  { name: 'unchecked-read', plan: 'rot', seedsMax: 20, chunkSource: unchecked },
  { name: 'freed-chunk', plan: 'calm', seedsMax: 20, forgets: digest => digest.charCodeAt(0) < 64 },
]

/** The canary of a name; undefined for none. */
export function canaryOf(name: string | undefined): Canary | undefined {
  return CANARIES.find(canary => canary.name === name)
}

/** A disk's faults, and the operations that a canary makes it lie about. */
export function lyingWith(canary: Canary | undefined, faults: DiskFaults): DiskFaults {
  const lies = canary?.lies
  if (lies === undefined) return faults
  return { fault: operation => faults.fault(operation), crash: operation => faults.crash(operation), lies }
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

// A staging record v1 without content: head of 72 bytes and tail of 8.
const LANDING_BYTES = 80
// A chunk record v1: header of 96 bytes, the digest at byte 28 of it, then the body.
const HEADER_BYTES = 96
const DIGEST_AT = 28
