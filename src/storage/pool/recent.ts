import type { Clock, Digest } from '#base'
import { RECENT_BYTES_MAX, RECENT_MS } from './limits.ts'

/**
 * Chunks of other machines in memory, while they are read: a kernel asks for a chunk in pieces, not all of them at one time. The
 * longest unused go when they take too much, and each after a while.
 */
export class Recent {
  readonly #clock: Clock
  /** The longest unused first. */
  readonly #chunks = new Map<Digest, { readonly bytes: Uint8Array; readonly usedMs: number }>()
  #total = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get bytes(): number {
    return this.#total
  }

  get(digest: Digest): Uint8Array | undefined {
    const found = this.#chunks.get(digest)
    if (found !== undefined) this.put(digest, found.bytes)
    return found?.bytes
  }

  put(digest: Digest, bytes: Uint8Array): void {
    this.#drop(digest)
    this.#chunks.set(digest, { bytes, usedMs: this.#clock.monotonicMs() })
    this.#total += bytes.byteLength
    for (const longest of this.#chunks.keys()) {
      if (this.#total <= RECENT_BYTES_MAX) return
      this.#drop(longest)
    }
  }

  /** Forgets those that nobody has read for a while. */
  forgetOld(): void {
    const oldMs = this.#clock.monotonicMs() - RECENT_MS
    for (const [digest, { usedMs }] of this.#chunks) {
      if (usedMs > oldMs) return
      this.#drop(digest)
    }
  }

  #drop(digest: Digest): void {
    this.#total -= this.#chunks.get(digest)?.bytes.byteLength ?? 0
    this.#chunks.delete(digest)
  }
}
