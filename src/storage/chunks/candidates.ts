import type { Digest } from '#base'
import { CANDIDATES_MAX } from './limits.ts'

/** Chunks that a round of collection found unreferenced, until the next round; a put takes its chunk out at once. */
export class Candidates {
  readonly #sinceMs = new Map<Digest, number>()
  #asked = new Set<Digest>()

  get count(): number {
    return this.#sinceMs.size
  }

  /** The chunk is wanted: whatever a round has found or is finding out no longer counts. */
  renew(digest: Digest): void {
    this.#sinceMs.delete(digest)
    this.#asked.delete(digest)
  }

  /** Begins to ask about these. */
  ask(digests: readonly Digest[]): void {
    this.#asked = new Set(digests)
  }

  /** True when the chunk was not renewed since it was asked about. */
  isAsked(digest: Digest): boolean {
    return this.#asked.has(digest)
  }

  /** Since when the chunk is a candidate, in monotonic milliseconds. */
  sinceMs(digest: Digest): number | undefined {
    return this.#sinceMs.get(digest)
  }

  /** Makes the chunk a candidate unless there are too many; a later round finds it again. */
  add(digest: Digest, nowMs: number): void {
    if (this.#sinceMs.size < CANDIDATES_MAX) this.#sinceMs.set(digest, nowMs)
  }

  /** Forgets all: the next round is a first one. */
  clear(): void {
    this.#sinceMs.clear()
    this.#asked.clear()
  }
}
