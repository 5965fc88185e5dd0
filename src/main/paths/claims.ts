import { assert, type Clock } from '#base'
import { mainFault } from '../faults.ts'
import { CLAIM_WAIT_MS } from '../limits.ts'

/** Who works on which places now: what is built under a name that follows from its place is built by one at a time. */
export class Claims {
  readonly #clock: Clock
  /** By key; settled when it is let go. */
  readonly #held = new Map<string, PromiseWithResolvers<void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Claims a key until disposed. Who has it is waited for a moment: it may be an attempt that was cut off and is about to
   * end. Faults: Busy, with `what` as its first words; the reason of the signal.
   */
  async take(key: string, what: string, signal: AbortSignal): Promise<Disposable> {
    const late = new AbortController()
    const waiting = AbortSignal.any([signal, late.signal])
    const endMs = this.#clock.monotonicMs() + CLAIM_WAIT_MS
    try {
      for (let held = this.#held.get(key); held !== undefined; held = this.#held.get(key)) {
        const leftMs = endMs - this.#clock.monotonicMs()
        if (leftMs <= 0) {
          throw mainFault('Busy', what, { hint: 'Wait until it has ended, then run the command again.' })
        }
        await Promise.race([held.promise, this.#clock.sleep(leftMs, waiting)])
      }
    } finally {
      late.abort()
    }
    signal.throwIfAborted()
    return this.#hold(key)
  }

  #hold(key: string): Disposable {
    assert(!this.#held.has(key), 'a place is claimed once')
    const over = Promise.withResolvers<void>()
    this.#held.set(key, over)
    return {
      [Symbol.dispose]: () => {
        this.#held.delete(key)
        over.resolve()
      },
    }
  }
}
