import { SLOTS_MAX } from '../limits.ts'

/** The slots of a session: as many changes are under way at once. */
export class Slots {
  readonly #free = Array.from({ length: SLOTS_MAX }, (_, index) => SLOTS_MAX - 1 - index)
  readonly #waiting: ((slot: number) => void)[] = []

  /** True while changes are under way. */
  get isBusy(): boolean {
    return this.#free.length < SLOTS_MAX
  }

  /** A slot that nobody uses; waits for one. */
  take(): Promise<number> {
    const slot = this.#free.pop()
    if (slot !== undefined) return Promise.resolve(slot)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  give(slot: number): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(slot)
    else next(slot)
  }
}
