import { HEDGE_MS_FIRST, HEDGE_MS_MAX, HEDGE_MS_MIN, HEDGE_READS } from './limits.ts'

/** How long reads from other machines have taken of late: who takes longer than nearly all of them is not waited for alone. */
export class Latency {
  readonly #ms: number[] = []
  #next = 0

  /** A read took so long; one that another machine answered first took at least as long. */
  note(ms: number): void {
    this.#ms[this.#next] = ms
    this.#next = (this.#next + 1) % HEDGE_READS
  }

  /** Milliseconds after which the next machine is asked too: what 95 of 100 reads took, within bounds. */
  get hedgeMs(): number {
    if (this.#ms.length < READS_KNOWN_MIN) return HEDGE_MS_FIRST
    const sorted = this.#ms.toSorted((a, b) => a - b)
    const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? HEDGE_MS_FIRST
    return Math.min(Math.max(p95, HEDGE_MS_MIN), HEDGE_MS_MAX)
  }
}

// Fewer say nothing of the slowest of them.
const READS_KNOWN_MIN = 20
