import type { Clock } from '#base'
import { STEPS_PER_TURN } from './limits.ts'

/** Lets other work go first now and then during work of many small steps. */
export class Turns {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #steps = 0

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  /** Called before each step, or before so many at once; throws when aborted. */
  async next(steps = 1): Promise<void> {
    this.#steps += steps
    if (this.#steps < STEPS_PER_TURN) return
    this.#steps = 0
    this.#signal.throwIfAborted()
    await this.#clock.sleep(1, this.#signal)
  }
}
