/** How many of something each has now; who has none is not remembered. */
export class Counts {
  readonly #counts = new Map<string, number>()

  /** One more, until the answer is called; undefined when that were more than `max`. */
  enter(key: string, max: number): (() => void) | undefined {
    const count = this.#counts.get(key) ?? 0
    if (count >= max) return undefined
    this.#counts.set(key, count + 1)
    return () => {
      const left = (this.#counts.get(key) ?? 1) - 1
      if (left === 0) this.#counts.delete(key)
      else this.#counts.set(key, left)
    }
  }

  /** Those who have any. */
  get size(): number {
    return this.#counts.size
  }
}
