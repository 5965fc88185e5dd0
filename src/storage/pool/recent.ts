import type { Clock, Digest } from '#base'
import { giveBack } from '#rpc'
import { RECENT_BYTES_MAX, RECENT_MS } from './limits.ts'

/**
 * Chunks of other machines in memory, while they are read: a kernel asks for a chunk in pieces, not all of them at one time. The
 * longest unused go when they take too much, and each after a while.
 */
export class Recent {
  readonly #clock: Clock
  /** The longest unused first. */
  readonly #chunks = new Map<Digest, Chunk>()
  #total = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get bytes(): number {
    return this.#total
  }

  /** What is there, to be looked at in this turn only. */
  get(digest: Digest): Uint8Array | undefined {
    const found = this.#chunks.get(digest)
    if (found === undefined) return undefined
    this.#chunks.delete(digest)
    this.#chunks.set(digest, { ...found, usedMs: this.#clock.monotonicMs() })
    return found.bytes
  }

  /** Keeps a chunk that is not there yet. When it goes, its memory is used again if nobody else has it by then, as `isOurs` says. */
  put(digest: Digest, bytes: Uint8Array, isOurs: () => boolean): void {
    this.#chunks.set(digest, { bytes, isOurs, usedMs: this.#clock.monotonicMs() })
    this.#total += bytes.byteLength
    for (const [longest, chunk] of this.#chunks) {
      if (this.#total <= RECENT_BYTES_MAX) return
      this.#drop(longest, chunk)
    }
  }

  /** Forgets those that nobody has read for a while. */
  forgetOld(): void {
    const oldMs = this.#clock.monotonicMs() - RECENT_MS
    for (const [digest, chunk] of this.#chunks) {
      if (chunk.usedMs > oldMs) return
      this.#drop(digest, chunk)
    }
  }

  #drop(digest: Digest, { bytes, isOurs }: Chunk): void {
    this.#total -= bytes.byteLength
    this.#chunks.delete(digest)
    if (isOurs()) giveBack(bytes)
  }
}

interface Chunk {
  readonly bytes: Uint8Array
  readonly isOurs: () => boolean
  readonly usedMs: number
}
