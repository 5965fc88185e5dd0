import { type Clock, OVER } from '#base'

/** What background work waits for: that it is rung, or that some time has passed. A ring while nobody waits is kept. */
export class Bell {
  readonly #clock: Clock
  #rung = Promise.withResolvers<void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#rung.resolve()
  }

  /** Resolves when it is rung, after `ms` unless undefined, or when the signal aborts. */
  async wait(ms: number | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const over = new AbortController()
    const stop = () => over.abort(OVER)
    signal.addEventListener('abort', stop, { once: true })
    const aborted = new Promise<void>(resolve => over.signal.addEventListener('abort', () => resolve(), { once: true }))
    const late = ms === undefined ? aborted : this.#clock.sleep(ms, over.signal).catch(() => undefined)
    try {
      await Promise.race([this.#rung.promise, late, aborted])
    } finally {
      signal.removeEventListener('abort', stop)
      over.abort(OVER)
      this.#rung = Promise.withResolvers()
    }
  }
}
