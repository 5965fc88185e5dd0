import { type Awaitable, type Digest, isLater } from '#base'
import type { ChunkState, ChunkStore, ListedChunk } from '#storage/chunks'

/** A disk that is there, with its store. */
export interface DiskPart {
  /** By what it is known, wherever it is moved. */
  readonly id: string
  readonly store: ChunkStore
  /** Its share against the others: MiB it offers. */
  readonly weight: number
}

/** Where the best of a chunk is. */
export interface Found {
  readonly part: DiskPart
  readonly chunk: ListedChunk
}

/** The best that these disks have of a chunk, and where: the first that holds it, else what can be read. At once when all of them answer so. */
export function findBest(parts: readonly DiskPart[], digest: Digest): Awaitable<Found | undefined> {
  let best: Found | undefined
  for (const [at, part] of parts.entries()) {
    const chunk = part.store.find(digest)
    if (isLater(chunk)) return findLater(parts.slice(at), digest, best)
    best = better(best, part, chunk)
    if (best?.chunk.state === 'held') return best
  }
  return best
}

async function findLater(
  parts: readonly DiskPart[],
  digest: Digest,
  known: Found | undefined,
): Promise<Found | undefined> {
  let best = known
  for (const part of parts) {
    best = better(best, part, await part.store.find(digest))
    if (best?.chunk.state === 'held') return best
  }
  return best
}

function better(best: Found | undefined, part: DiskPart, chunk: ListedChunk | undefined): Found | undefined {
  if (chunk === undefined || (best !== undefined && RANK[best.chunk.state] >= RANK[chunk.state])) return best
  return { part, chunk }
}

/** Of copies of one chunk, what the best is. */
export function betterChunk(one: ListedChunk | undefined, other: ListedChunk): ListedChunk {
  return one !== undefined && RANK[one.state] >= RANK[other.state] ? one : other
}

const RANK: Readonly<Record<ChunkState, number>> = { held: 3, cached: 2, condemned: 1, quarantined: 0 }
