import type { Awaitable } from '#base'
import type { ChunkSource } from '../chunk-source.ts'
import { ERRNO, type Errno } from '../errno.ts'
import type { Extent } from '../extent.ts'
import { INLINE_BYTES_MAX } from '../limits.ts'

/** Makes extents of bytes: inline when they are few, else stored chunks. */
export class Storing {
  readonly #chunks: ChunkSource
  readonly #chunkBytes: number

  constructor({ chunks, chunkBytes }: { readonly chunks: ChunkSource; readonly chunkBytes: number }) {
    this.#chunks = chunks
    this.#chunkBytes = chunkBytes
  }

  /** ENOSPC when this many bytes could not be written now. */
  checkSpace(bytes: number): Errno | undefined {
    const reservation = this.#chunks.reserve(bytes)
    reservation?.[Symbol.dispose]()
    return reservation === undefined ? ERRNO.ENOSPC : undefined
  }

  /** Extents that begin at 0. Faults: those of `ChunkSource.put`. */
  extentsOf(bytes: Uint8Array): Awaitable<Extent[] | Errno> {
    if (bytes.byteLength <= INLINE_BYTES_MAX) {
      const data = Buffer.from(bytes)
      return this.checkSpace(data.byteLength) ?? [{ kind: 'inline', offset: 0, bytes: data.byteLength, data }]
    }
    const chunkBytes = this.#chunkBytes
    const offsets = Array.from({ length: Math.ceil(bytes.byteLength / chunkBytes) }, (_, index) => index * chunkBytes)
    return Promise.all(offsets.map(offset => this.store(bytes.subarray(offset, offset + chunkBytes), offset)))
  }

  /** Stores bytes of at most a chunk that belong at an offset. Faults: those of `ChunkSource.put`. */
  async store(bytes: Uint8Array, offset: number): Promise<Extent> {
    const digest = await this.#chunks.put(bytes)
    return { kind: 'chunk', offset, bytes: bytes.byteLength, digest, chunkOffset: 0, chunkBytes: bytes.byteLength }
  }
}
