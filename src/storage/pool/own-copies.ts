import type { Digest } from '#base'
import type { ChunkStore } from '#storage/chunks'

/**
 * The copies on this machine's own disk. They are given up only when others have confirmed theirs, and not if anybody has
 * put or renewed them meanwhile, however the two interleave.
 */
export class OwnCopies {
  readonly #store: ChunkStore
  readonly #isLeaving: (digest: Digest) => boolean
  readonly #releasing = new Set<Digest>()

  /** `isLeaving` tells chunks that this machine itself has put and that are not yet where they belong. */
  constructor(store: ChunkStore, isLeaving: (digest: Digest) => boolean) {
    this.#store = store
    this.#isLeaving = isLeaving
  }

  /** Stores a chunk that is held when this resolves, also while copies are being given up. Faults: those of a put. */
  async hold(bytes: Uint8Array): Promise<Digest> {
    for (;;) {
      const digest = await this.#store.put(bytes)
      this.#releasing.delete(digest)
      if (await this.#store.has(digest)) return digest
    }
  }

  /** Renews what is here, and answers which of these that is. */
  async renew(digests: readonly Digest[]): Promise<readonly boolean[]> {
    for (const digest of digests) this.#releasing.delete(digest)
    const flags = await this.#store.renew(digests)
    for (const digest of digests) this.#releasing.delete(digest)
    return flags
  }

  /**
   * Gives up the copies that `confirm` answers with: they are cached from then on. `mayStill` is asked in the same moment.
   * Answers how many went.
   */
  async release(
    digests: readonly Digest[],
    confirm: (digests: readonly Digest[]) => Promise<readonly Digest[]>,
    mayStill: () => boolean,
  ): Promise<number> {
    for (const digest of digests) this.#releasing.add(digest)
    try {
      const confirmed = await confirm(digests)
      if (!mayStill()) return 0
      const given = confirmed.filter(digest => this.#releasing.has(digest) && !this.#isLeaving(digest))
      await this.#store.release(given)
      return given.length
    } finally {
      for (const digest of digests) this.#releasing.delete(digest)
    }
  }
}
