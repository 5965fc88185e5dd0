import { createHash } from 'node:crypto'
import { type Digest, digestHex, digestOf } from '#base'
import type { ChunkSource, SpaceReservation } from '#storage/fs'

/** Chunks in memory that all machines reach. */
export class MemoryChunkSource implements ChunkSource {
  readonly #chunks = new Map<Digest, Uint8Array>()
  freeBytes = 2 ** 40
  /** The home's machine has none of them. */
  isElsewhere = false
  /** How often one was read, from wherever it is. */
  reads = 0

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(createHash('sha256').update(bytes).digest())
    this.#chunks.set(digest, Uint8Array.from(bytes))
    return digest
  }

  read(digest: Digest, into: Uint8Array, offset: number): void {
    this.reads++
    const chunk = this.#chunks.get(digest)
    if (chunk === undefined) throw new Error(`there is no chunk ${digestHex(digest)}`)
    into.set(chunk.subarray(offset, offset + into.byteLength))
  }

  readHere(digest: Digest, into: Uint8Array): boolean {
    const chunk = this.isElsewhere ? undefined : this.#chunks.get(digest)
    if (chunk !== undefined) into.set(chunk.subarray(0, into.byteLength))
    return chunk !== undefined
  }

  has(digest: Digest): boolean {
    return this.#chunks.has(digest)
  }

  async sync(): Promise<void> {}

  reserve(bytes: number): SpaceReservation | undefined {
    return bytes > this.freeBytes ? undefined : { spend: () => undefined, [Symbol.dispose]: () => undefined }
  }

  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    return { totalBytes: 2 ** 40, freeBytes: this.freeBytes }
  }
}
