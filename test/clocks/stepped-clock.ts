import { setImmediate as turn } from 'node:timers/promises'
import type { Clock, World } from '#base'

interface Sleeper {
  readonly atMs: number
  readonly wake: () => void
}

/** A clock that only tests move. */
export class SteppedClock implements Clock {
  #ms = 0
  #sleepers: Sleeper[] = []
  /** How far the wall clock is ahead of the right time. */
  skewMs = 0

  wallNs(): bigint {
    return BigInt(Math.round((this.#ms + this.skewMs) * 1e6)) + 1_700_000_000_000_000_000n
  }

  monotonicMs(): number {
    return this.#ms
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const sleeper = { atMs: this.#ms + ms, wake: resolve }
      this.#sleepers.push(sleeper)
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter(each => each !== sleeper)
        reject(signal.reason)
      })
    })
  }

  /** Moves on in small steps; what wakes runs before the next step. */
  async advance(ms: number, stepMs = 100): Promise<void> {
    const endMs = this.#ms + ms
    while (this.#ms < endMs) {
      this.#ms = Math.min(endMs, this.#ms + stepMs)
      const due = this.#sleepers.filter(each => each.atMs <= this.#ms)
      this.#sleepers = this.#sleepers.filter(each => each.atMs > this.#ms)
      for (const { wake } of due) wake()
      await settle()
    }
  }
}

/** Lets all that can run without time run. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 8; turns += 1) await turn()
}

/** A world of a clock that only tests move, and of dice that always fall the same. */
export function steppedWorld(clock: SteppedClock): Pick<World, 'clock' | 'entropy' | 'log'> {
  return {
    clock,
    entropy: { bytes: count => new Uint8Array(count) },
    log: { info: () => undefined, warn: () => undefined },
  }
}
