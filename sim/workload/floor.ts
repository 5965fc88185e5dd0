/** Where actors work side by side; now and then one asks the others to stop until it is done. */
export class Floor {
  #running = 0
  #alone: Promise<void> | undefined
  #left: (() => void) | undefined

  /** Resolves when the next operation may begin. */
  async enter(): Promise<void> {
    while (this.#alone !== undefined) await this.#alone
    this.#running += 1
  }

  leave(): void {
    this.#running -= 1
    if (this.#running === 1) this.#left?.()
  }

  /** Runs work of one that has entered while nobody else does anything; false when another does so already. */
  async alone(work: () => Promise<void>): Promise<boolean> {
    if (this.#alone !== undefined) return false
    const done = Promise.withResolvers<void>()
    this.#alone = done.promise
    if (this.#running > 1) {
      await new Promise<void>(resolve => {
        this.#left = resolve
      })
    }
    await work()
    this.#left = undefined
    this.#alone = undefined
    done.resolve()
    return true
  }
}
