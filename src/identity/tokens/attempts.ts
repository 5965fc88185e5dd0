import { LRUCache } from 'lru-cache'
import { atMost, type Clock } from '#base'
import { ATTEMPTS_KEPT, ATTEMPTS_MAX, ATTEMPTS_WINDOW_MS } from '../limits.ts'

/** Counts failures for each name, so that nobody can try secrets one after another. */
export class Attempts {
  readonly #clock: Clock
  readonly #failures = new LRUCache<string, { readonly sinceMs: number; readonly count: number }>(atMost(ATTEMPTS_KEPT))

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** False when the name has failed too often lately. */
  mayTry(name: string): boolean {
    return this.#recent(name).count < ATTEMPTS_MAX
  }

  failed(name: string): void {
    const { sinceMs, count } = this.#recent(name)
    this.#failures.set(name, { sinceMs, count: count + 1 })
  }

  #recent(name: string): { readonly sinceMs: number; readonly count: number } {
    const nowMs = this.#clock.monotonicMs()
    const failures = this.#failures.get(name)
    return failures !== undefined && nowMs - failures.sinceMs < ATTEMPTS_WINDOW_MS
      ? failures
      : { sinceMs: nowMs, count: 0 }
  }
}
