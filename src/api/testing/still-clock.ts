import type { Clock } from '#base'

/** A clock that stands still until it is moved; a sleep of no time only lets others go first. */
export class StillClock implements Clock {
  /** Sleeps of no time: how often somebody has let others go first. */
  rests = 0
  #nowMs = 0
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>()

  wallNs(): bigint {
    return BigInt(WALL_MS + this.#nowMs) * 1_000_000n
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0) {
      this.rests += 1
      return new Promise(resolve => setImmediate(resolve))
    }
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve }
      const abort = (): void => {
        this.#sleepers.delete(sleeper)
        reject(signal.reason as Error)
      }
      if (signal.aborted) return abort()
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  /** Moves on, wakes who slept so long, and lets them do what they do. */
  async move(ms: number): Promise<void> {
    this.#nowMs += ms
    for (const sleeper of this.#sleepers) {
      if (sleeper.atMs > this.#nowMs) continue
      this.#sleepers.delete(sleeper)
      sleeper.wake()
    }
    await new Promise(resolve => setImmediate(resolve))
  }
}

const WALL_MS = Date.parse('2026-01-02T03:04:05Z')
