import { Spares } from '#base'
import { BLOCK_MEMORY_BYTES, INLINE_BYTES_MAX } from '../limits.ts'

/**
 * Memory for blocks, used again when a block has landed. Left to the garbage collector it would pile up: shared memory
 * is hardly counted when it decides whether to run. Memory that is taken holds what was in it before.
 */
export class BlockMemory {
  readonly #spares = new Spares<Uint8Array>(BLOCK_MEMORY_BYTES)

  /** Memory of exactly this size; shared with other threads when it is large. */
  take(bytes: number): Uint8Array {
    const known = this.#spares.take(bytes)
    if (known !== undefined) return known
    return bytes > INLINE_BYTES_MAX ? new Uint8Array(new SharedArrayBuffer(bytes)) : new Uint8Array(bytes)
  }

  /** Gives memory back: nobody may read or write it any more. */
  give(memory: Uint8Array): void {
    if (memory.byteLength > 0) this.#spares.give(memory.byteLength, memory)
  }
}
