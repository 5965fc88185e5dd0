import type { Clock, Entropy } from '#base'
import { DIAL_PAUSE_MS, DIAL_PAUSE_MS_MAX } from '../limits.ts'

/** The pauses between one vain attempt and the next: doubled each time, by half more or less, so that machines that fail together do not try together. */
export class Pauses {
  readonly #world: { readonly clock: Clock; readonly entropy: Entropy }
  #nextMs = DIAL_PAUSE_MS
  #cut = new AbortController()

  constructor(world: { readonly clock: Clock; readonly entropy: Entropy }) {
    this.#world = world
  }

  /** The next pause begins small again, and one that is going on ends. */
  reset(): void {
    this.#nextMs = DIAL_PAUSE_MS
    this.#cut.abort()
    this.#cut = new AbortController()
  }

  /** Waits. Rejects with the signal's reason when aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const { clock, entropy } = this.#world
    const share = 0.5 + (entropy.bytes(1)[0] ?? 0) / 256
    const pauseMs = Math.round(this.#nextMs * share)
    this.#nextMs = Math.min(2 * this.#nextMs, DIAL_PAUSE_MS_MAX)
    await clock.sleep(pauseMs, AbortSignal.any([signal, this.#cut.signal])).catch(() => undefined)
    signal.throwIfAborted()
  }
}
