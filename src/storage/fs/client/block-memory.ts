import { BLOCK_MEMORY_BYTES, INLINE_BYTES_MAX } from '../limits.ts'

/**
 * Memory for blocks, used again when a block has landed. Left to the garbage collector it would pile up: shared memory
 * is hardly counted when it decides whether to run. Memory that is taken holds what was in it before.
 */
export class BlockMemory {
  readonly #free = new Map<number, Uint8Array[]>()
  #freeBytes = 0

  /** Memory of exactly this size; shared with other threads when it is large. */
  take(bytes: number): Uint8Array {
    const known = this.#free.get(bytes)?.pop()
    if (known === undefined)
      return bytes > INLINE_BYTES_MAX ? new Uint8Array(new SharedArrayBuffer(bytes)) : new Uint8Array(bytes)
    this.#freeBytes -= bytes
    return known
  }

  /** Gives memory back: nobody may read or write it any more. */
  give(memory: Uint8Array): void {
    const bytes = memory.byteLength
    if (bytes === 0 || this.#freeBytes + bytes > BLOCK_MEMORY_BYTES) return
    this.#freeBytes += bytes
    const list = this.#free.get(bytes)
    if (list === undefined) this.#free.set(bytes, [memory])
    else list.push(memory)
  }
}
