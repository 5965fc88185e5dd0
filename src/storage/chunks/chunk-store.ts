import type { Awaitable, Digest } from '#base'
import type { CollectOptions, CollectRound, RootProvider } from './collect.ts'
import type { Compaction } from './compact.ts'
import type { ChunkState } from './record.ts'
import type { Recovery } from './recovery.ts'
import type { ScrubOptions, ScrubProgress } from './scrub.ts'
import type { SpaceReservation } from './reservations.ts'
import type { Count } from './tally.ts'

/**
 * The chunks of one machine's disk: immutable bytes named by SHA-256, stored in append-only segments. Every byte that
 * is read is verified. Disposing makes everything durable and gives up the lock of the folder.
 */
export interface ChunkStore extends AsyncDisposable {
  /** What opening found. */
  readonly recovery: Recovery
  /**
   * Stores a chunk of at most 16 MiB and resolves to its name once the operating system has it. `bytes` must stay
   * unchanged until then; in a `SharedArrayBuffer` they are not copied. A chunk that is there is renewed: it is held
   * and no candidate for collection any more. `name` spares the hashing: the SHA-256 of these bytes, which the caller has
   * just computed. Faults: NoSpace, Io, ChunkTooLarge.
   */
  put(bytes: Uint8Array, name?: Digest): Promise<Digest>
  /**
   * Fills `into` with the chunk's bytes from `offset`, verified. Answers at once except for large reads into a
   * `SharedArrayBuffer`, which go to a worker. After a fault `into` holds nothing to use.
   * Faults: ChunkMissing, ChunkDamaged, OutOfRange, Io.
   */
  read(digest: Digest, into: Uint8Array, offset: number): Awaitable<void>
  /** True when the chunk is held: not merely cached, nor condemned or quarantined. */
  has(digest: Digest): Awaitable<boolean>
  /**
   * Stores a chunk that is a copy of one elsewhere, as cached: it can be read, and never counts as a copy. One that is
   * there already stays what it is. Faults: NoSpace, Io, ChunkTooLarge.
   */
  cache(bytes: Uint8Array, name?: Digest): Promise<Digest>
  /** What is known of a chunk; undefined when nothing of it is here. */
  find(digest: Digest): Awaitable<ListedChunk | undefined>
  /**
   * Renews chunks as a put of their bytes would: those that can be read are held from then on, and no candidates for
   * collection. Answers, in the same order, which these are. Faults: Io, NoSpace.
   */
  renew(digests: readonly Digest[]): Promise<readonly boolean[]>
  /** True for a chunk that a round of collection has found unreferenced, and nobody has put since. */
  isCandidate(digest: Digest): boolean
  /** Makes held chunks cached ones, which may be dropped at any time; others stay what they are. Faults: Io, NoSpace. */
  release(digests: readonly Digest[]): Promise<void>
  /** Forgets those of these chunks that are merely cached. Faults: Io, NoSpace. */
  drop(digests: readonly Digest[]): Promise<void>
  /** Reads a whole chunk and quarantines it when its bytes are not right: false then, and when it is not here. Faults: Io. */
  verify(digest: Digest): Promise<boolean>
  /** Resolves when every chunk whose `put` resolved before this call survives a power cut. Faults: Io, NoSpace. */
  sync(): Promise<void>
  /** Sets space aside for later puts; undefined when there is none. */
  reserve(bytes: number): SpaceReservation | undefined
  /** What this store may use in all, and what of it new chunks may still take. */
  space(): { readonly totalBytes: number; readonly freeBytes: number }
  /**
   * Marks chunks for deletion: they no longer count as copies, and a put brings them back. Those that are quarantined
   * stay so. Faults: Io, NoSpace.
   */
  condemn(digests: readonly Digest[]): Promise<void>
  /** Forgets chunks; compaction gives back their space. Faults: Io, NoSpace. */
  delete(digests: readonly Digest[]): Promise<void>
  /** The chunks of one of so many groups, by the first bits of the digest, in byte order. `groups`: a power of two up to 65,536. */
  list(group: number, groups?: number): Promise<readonly ListedChunk[]>
  /**
   * A number that grows whenever what is held of one of so many groups has changed since this store was opened: what was computed
   * from {@link list} when it was the same still holds. `groups` as there.
   */
  groupVersion(group: number, groups: number): number
  stat(): StoreStat
  /**
   * Verifies every record at the given rate, CRCs and SHA-256, telling how far it is; what is damaged is quarantined
   * and told, and so is what was quarantined before. Of that, what is right now is held again; what only the index still
   * finds is written anew. Aborting ends it between two records. Faults: Io, NoSpace.
   */
  scrub(options: ScrubOptions, signal: AbortSignal): AsyncIterable<ScrubProgress>
  /** The chunks that failed verification and have not been put since, in byte order. */
  quarantined(signal: AbortSignal): AsyncIterable<Digest>
  /** Rewrites segments that are mostly dead and removes them. Aborting ends it between two segments. Faults: Io. */
  compact(signal: AbortSignal): Promise<Compaction>
  /**
   * One round of collection: deletes chunks that every provider called unreferenced in this round and in one before,
   * at least the grace apart; quarantined ones too. Aborting ends it between two steps. Faults: CollectionStopped, Io.
   */
  collect(providers: readonly RootProvider[], options: CollectOptions, signal: AbortSignal): Promise<CollectRound>
}

/** A chunk as {@link ChunkStore.list} tells it. */
export interface ListedChunk {
  readonly digest: Digest
  readonly bytes: number
  readonly state: ChunkState
}

/** Figures of a store. Bytes of states are plain bytes; those of segments are bytes on disk. */
export interface StoreStat {
  readonly states: Readonly<Record<ChunkState, Readonly<Count>>>
  readonly segments: number
  readonly segmentBytes: number
  readonly deadBytes: number
  readonly candidates: number
}
