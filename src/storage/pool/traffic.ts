import type { Clock } from '#base'
import { BUSY_MS, REPAIR_BUSY_BYTES_PER_SECOND, REPAIR_BYTES_PER_SECOND } from './limits.ts'

/** Keeps repair behind what people want: it goes fast while they want nothing, and slowly while they do. */
export class Traffic {
  readonly #clock: Clock
  #peopleMs = Number.NEGATIVE_INFINITY
  #freeMs = 0
  #bytes = 0
  #sinceMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sinceMs = clock.monotonicMs()
  }

  /** Somebody reads or writes. */
  note(): void {
    this.#peopleMs = this.#clock.monotonicMs()
  }

  /** True while people read or write. */
  get isBusy(): boolean {
    return this.#clock.monotonicMs() - this.#peopleMs < BUSY_MS
  }

  /** Bytes per second that repair may use now. */
  get bytesPerSecond(): number {
    return this.isBusy ? REPAIR_BUSY_BYTES_PER_SECOND : REPAIR_BYTES_PER_SECOND
  }

  /** Bytes per second that repair has moved since {@link restart}. */
  get movedPerSecond(): number {
    return (this.#bytes / Math.max(this.#clock.monotonicMs() - this.#sinceMs, BUSY_MS)) * 1000
  }

  /** Begins to measure anew. */
  restart(): void {
    this.#bytes = 0
    this.#sinceMs = this.#clock.monotonicMs()
  }

  /** Resolves when repair may move so many bytes. Rejects with the signal's reason. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const startMs = Math.max(nowMs, this.#freeMs)
    this.#freeMs = startMs + (bytes / this.bytesPerSecond) * 1000
    this.#bytes += bytes
    await this.#clock.sleep(Math.max(startMs - nowMs, 1), signal)
  }
}
