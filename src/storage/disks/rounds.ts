import type {
  CollectOptions,
  CollectRound,
  Compaction,
  RootProvider,
  ScrubOptions,
  ScrubProgress,
} from '#storage/chunks'
import type { DiskPart } from './part.ts'

/** Verifies every record of one disk after the other, and tells it as one; see `ChunkStore.scrub`. */
export async function* scrubAll(
  parts: readonly DiskPart[],
  options: ScrubOptions,
  signal: AbortSignal,
): AsyncGenerator<ScrubProgress> {
  let [chunks, bytes, damagedChunks] = [0, 0, 0]
  for (const [at, { store }] of parts.entries()) {
    let last: ScrubProgress | undefined
    for await (const progress of store.scrub(options, signal)) {
      last = progress
      const sums = { chunks: chunks + progress.chunks, bytes: bytes + progress.bytes }
      const isDone = progress.isDone && at === parts.length - 1
      yield { ...progress, ...sums, damagedChunks: damagedChunks + progress.damagedChunks, isDone }
    }
    chunks += last?.chunks ?? 0
    bytes += last?.bytes ?? 0
    damagedChunks += last?.damagedChunks ?? 0
  }
}

/** Compacts one disk after the other; see `ChunkStore.compact`. */
export async function compactAll(parts: readonly DiskPart[], signal: AbortSignal): Promise<Compaction> {
  let [segmentsRemoved, bytesReturned] = [0, 0]
  for (const { store } of parts) {
    const done = await store.compact(signal)
    segmentsRemoved += done.segmentsRemoved
    bytesReturned += done.bytesReturned
  }
  return { segmentsRemoved, bytesReturned }
}

/** A round of collection on one disk after the other; see `ChunkStore.collect`. */
export async function collectAll(
  parts: readonly DiskPart[],
  providers: readonly RootProvider[],
  options: CollectOptions,
  signal: AbortSignal,
): Promise<CollectRound> {
  let [asked, candidates, deleted] = [0, 0, 0]
  for (const { store } of parts) {
    const round = await store.collect(providers, options, signal)
    asked += round.asked
    candidates += round.candidates
    deleted += round.deleted
  }
  return { asked, candidates, deleted }
}
