import type { Clock } from '#base'
import { RESTART_PAUSE_MS, RESTART_PAUSE_MS_MAX, RESTART_WELL_MS } from '../limits.ts'

/** Pauses before a process is started again: they grow while it keeps dying, and begin small when it was well before. */
export class RestartPause {
  readonly #clock: Clock
  #nextMs = RESTART_PAUSE_MS

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Waits after the death of a process that was started at `sinceMs`, monotonic; not when `signal` is aborted. */
  async wait(sinceMs: number, signal: AbortSignal): Promise<void> {
    if (this.#clock.monotonicMs() - sinceMs > RESTART_WELL_MS) this.#nextMs = RESTART_PAUSE_MS
    const pauseMs = this.#nextMs
    this.#nextMs = Math.min(pauseMs * 2, RESTART_PAUSE_MS_MAX)
    await this.#clock.sleep(pauseMs, signal).catch(() => undefined)
  }
}
