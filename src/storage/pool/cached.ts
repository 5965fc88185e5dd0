import type { Digest } from '#base'
import type { ChunkStore } from '#storage/chunks'
import { CACHED_BYTES_MAX, CACHED_CHUNKS_MAX, CACHED_SHARE, STREAMED_CHUNKS_MAX } from './limits.ts'

/** Copies kept only because somebody here has read them: the longest unused are dropped when they take too much. */
export class Cached {
  readonly #store: ChunkStore
  readonly #bytesMax: number
  /** The longest unused first. */
  readonly #bytes = new Map<Digest, number>()
  /** What was not kept when it was read as part of a stream. */
  readonly #streamed = new Set<Digest>()
  #total = 0

  constructor(store: ChunkStore, bytesMax = Math.min(CACHED_BYTES_MAX, store.space().totalBytes * CACHED_SHARE)) {
    this.#store = store
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#total
  }

  /**
   * Keeps a chunk that another machine holds, whose bytes have its name. One that is part of a stream is kept when it is read again:
   * a film that is seen once would wear the disk, push out what is needed, and be read at the speed of writing. Faults: those of a put.
   */
  async keep(digest: Digest, bytes: Uint8Array, isStream: boolean): Promise<void> {
    if (bytes.byteLength > this.#bytesMax || (isStream && this.#isFirst(digest))) return
    await this.#store.cache(bytes, digest)
    this.#used(digest, bytes.byteLength)
    await this.#shrink()
  }

  /** Somebody has read a chunk that may be a cached one. */
  touch(digest: Digest): void {
    const bytes = this.#bytes.get(digest)
    if (bytes === undefined) return
    this.#bytes.delete(digest)
    this.#bytes.set(digest, bytes)
  }

  /** A cached chunk was met on the disk: as if it had been read, if it was not known. */
  async met(digest: Digest, bytes: number): Promise<void> {
    if (this.#bytes.has(digest)) return
    this.#used(digest, bytes)
    await this.#shrink()
  }

  #isFirst(digest: Digest): boolean {
    if (this.#streamed.delete(digest)) return false
    this.#streamed.add(digest)
    const [longest] = this.#streamed
    if (this.#streamed.size > STREAMED_CHUNKS_MAX && longest !== undefined) this.#streamed.delete(longest)
    return true
  }

  #used(digest: Digest, bytes: number): void {
    this.#total += bytes - (this.#bytes.get(digest) ?? 0)
    this.#bytes.delete(digest)
    this.#bytes.set(digest, bytes)
  }

  async #shrink(): Promise<void> {
    const drop: Digest[] = []
    for (const [digest, bytes] of this.#bytes) {
      if (this.#total <= this.#bytesMax && this.#bytes.size <= CACHED_CHUNKS_MAX) break
      this.#bytes.delete(digest)
      this.#total -= bytes
      drop.push(digest)
    }
    // Those that have become copies meanwhile stay.
    if (drop.length > 0) await this.#store.drop(drop)
  }
}
