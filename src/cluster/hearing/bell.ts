/** Tells those who wait that something has changed; nobody misses a change that came while it looked at the one before. */
export class Bell {
  #count = 0
  #next = Promise.withResolvers<void>()

  /** How often it rang. */
  get count(): number {
    return this.#count
  }

  /** Lets all go on that wait now. */
  ring(): void {
    this.#count += 1
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }

  /** Resolves when it has rung more often than `count`. Rejects with the signal's reason. */
  async after(count: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#count > count) return
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
