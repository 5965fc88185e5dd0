import { SLOTS_MAX } from '../limits.ts'

/** The slots of a session: as many changes are under way at once. */
export class Slots {
  readonly #free: number[]
  readonly #waiting: ((slot: number) => void)[] = []

  /** Those that are `left` with something of an earlier process are used last. */
  constructor(left: ReadonlySet<number>) {
    const all = Array.from({ length: SLOTS_MAX }, (_, index) => SLOTS_MAX - 1 - index)
    this.#free = [...all.filter(slot => left.has(slot)), ...all.filter(slot => !left.has(slot))]
  }

  /** True while changes are under way. */
  get isBusy(): boolean {
    return this.#free.length < SLOTS_MAX
  }

  /** A slot that nobody uses, the wanted one if it is free; waits for one. */
  take(wanted?: number): Promise<number> {
    const at = wanted === undefined ? -1 : this.#free.indexOf(wanted)
    const [slot = this.#free.pop()] = at < 0 ? [] : this.#free.splice(at, 1)
    if (slot !== undefined) return Promise.resolve(slot)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  give(slot: number): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(slot)
    else next(slot)
  }
}
