import type { Awaitable, Digest } from '#base'
import type { ChunkSource, SpaceReservation } from '../chunk-source.ts'

/**
 * A chunk source whose `put` resolves when the chunk survives a power cut: a home elsewhere may make the revision that names it
 * durable at any time. Chunks that are put at the same time share one sync.
 */
export class DurablePuts implements ChunkSource {
  readonly #chunks: ChunkSource
  #next: Promise<void> | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(chunks: ChunkSource) {
    this.#chunks = chunks
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = await this.#chunks.put(bytes)
    await this.sync()
    return digest
  }

  read(digest: Digest, into: Uint8Array, offset: number, isStream?: boolean): Awaitable<void> {
    return this.#chunks.read(digest, into, offset, isStream)
  }

  has(digest: Digest): Awaitable<boolean> {
    return this.#chunks.has(digest)
  }

  // The sync that runs may have begun before: the next one is shared by all who come until it begins.
  sync(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      const synced = this.#chunks.sync()
      this.#running = synced.catch(() => undefined)
      return synced
    })
    return this.#next
  }

  reserve(bytes: number): SpaceReservation | undefined {
    return this.#chunks.reserve(bytes)
  }

  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    return this.#chunks.space()
  }
}
