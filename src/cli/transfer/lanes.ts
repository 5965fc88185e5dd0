/** Runs tasks side by side, at most so many at a time. */
export class Lanes {
  readonly #max: number
  readonly #running = new Set<Promise<void>>()
  #broken: { readonly error: unknown } | undefined

  constructor(max: number) {
    this.#max = max
  }

  /** Starts a task as soon as there is room. Throws what an earlier task threw. */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#max) await Promise.race(this.#running)
    this.#throwBroken()
    const running = task()
      .catch((error: unknown) => {
        this.#broken ??= { error }
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when all tasks are done. Throws what one of them threw. */
  async finish(): Promise<void> {
    await Promise.all(this.#running)
    this.#throwBroken()
  }

  /** Resolves when all tasks are done, however they ended. */
  async settle(): Promise<void> {
    await Promise.all(this.#running)
  }

  #throwBroken(): void {
    if (this.#broken !== undefined) throw this.#broken.error
  }
}
