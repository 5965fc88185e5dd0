import type { Awaitable, Digest } from '#base'

/**
 * Where a filesystem keeps its chunks: one machine's store, or a pool of many. Chunks are named by SHA-256 and never
 * change. Bytes that lie in a `SharedArrayBuffer` travel to other threads without a copy.
 */
export interface ChunkSource {
  /**
   * Stores a chunk and resolves to its name once the operating system has it: it survives the end of this process,
   * and a power cut after the next `sync`. `bytes` must stay unchanged until then. Storing what is there already is
   * cheap and renews it against collection. Faults: NoSpace, Io.
   */
  put(bytes: Uint8Array): Promise<Digest>
  /**
   * Fills `into` with the chunk's bytes from `offset`; the range must lie inside the chunk. Every byte is verified.
   * Answers at once when that is cheaper than a hop to another thread. `isStream`: it lies far in a large file, which may be read once
   * from its beginning to its end: what comes from elsewhere is not kept here the first time. Faults: ChunkMissing, ChunkDamaged, Io.
   */
  read(digest: Digest, into: Uint8Array, offset: number, isStream?: boolean): Awaitable<void>
  /** Reads a chunk from its beginning when it is on this machine's own disk, else answers false. Absent where that is not known. */
  readHere?(digest: Digest, into: Uint8Array): Awaitable<boolean>
  /** True when the chunk is held here in full. */
  has(digest: Digest): Awaitable<boolean>
  /** Resolves when every chunk whose `put` resolved before this call survives a power cut. */
  sync(): Promise<void>
  /** Sets space aside so that a later `put` cannot fail for space; undefined when there is none left. */
  reserve(bytes: number): SpaceReservation | undefined
  space(): { readonly totalBytes: number; readonly freeBytes: number }
}

/** Space set aside. Disposing gives back what `spend` has not used. */
export interface SpaceReservation extends Disposable {
  /** Marks bytes as handed to `put`, which accounts for them from then on. */
  spend(bytes: number): void
}
