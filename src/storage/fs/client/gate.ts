/** Writes wait at it while somebody has to see a file as it is. */
export class Gate {
  #open: Promise<void> | undefined

  /** Resolves when writes are held back no longer; undefined when they are not. */
  get held(): Promise<void> | undefined {
    return this.#open
  }

  /** Holds back writes that come from now on until it is disposed. One holder at a time. */
  hold(): Disposable {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#open = promise
    return {
      [Symbol.dispose]: () => {
        this.#open = undefined
        resolve()
      },
    }
  }
}
