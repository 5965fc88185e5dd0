/** Tells those who wait that something has changed. */
export class Bell {
  #next = Promise.withResolvers<void>()

  /** Lets all go on that wait now. */
  ring(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }

  /** Resolves when it rings next. Rejects with the signal's reason. */
  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const stopped = Promise.withResolvers<never>()
    const stop = () => stopped.reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      await Promise.race([this.#next.promise, stopped.promise])
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}
