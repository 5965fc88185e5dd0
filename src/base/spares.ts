/**
 * Memory that is used again instead of being made anew, by its size. What is not in use stays only until the collector of garbage
 * runs, so that a process without work keeps none of it.
 */
export class Spares<Memory extends WeakKey> {
  readonly #bytesMax: number
  readonly #free = new Map<number, WeakRef<Memory>[]>()
  #freeBytes = 0

  /** Keeps at most so many bytes. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Memory of exactly this size, with what was in it before; undefined when there is none. */
  take(bytes: number): Memory | undefined {
    const list = this.#free.get(bytes)
    for (let next = list?.pop(); next !== undefined; next = list?.pop()) {
      this.#freeBytes -= bytes
      const memory = next.deref()
      if (memory !== undefined) return memory
    }
    return undefined
  }

  /** Nobody may look at this memory any more, which was not given back before. */
  give(bytes: number, memory: Memory): void {
    if (this.#freeBytes + bytes > this.#bytesMax) this.#dropCollected()
    if (this.#freeBytes + bytes > this.#bytesMax) return
    this.#freeBytes += bytes
    const list = this.#free.get(bytes)
    if (list === undefined) this.#free.set(bytes, [new WeakRef(memory)])
    else list.push(new WeakRef(memory))
  }

  /** True when the memory is among what is kept. */
  has(bytes: number, memory: Memory): boolean {
    return this.#free.get(bytes)?.some(kept => kept.deref() === memory) ?? false
  }

  #dropCollected(): void {
    for (const [bytes, list] of this.#free) {
      const alive = list.filter(kept => kept.deref() !== undefined)
      this.#freeBytes -= (list.length - alive.length) * bytes
      this.#free.set(bytes, alive)
    }
  }
}
