import type { Life } from './life.ts'

interface Event {
  readonly atMs: number
  readonly order: number
  readonly life: Life
  readonly run: () => void
  readonly forget: (() => void) | undefined
}

/**
 * Virtual time. Everything that takes time is an event here; between two events the event loop runs dry, so a run is
 * the same every time. Events of a life that has ended never happen.
 */
export class Scheduler {
  readonly #events: Event[] = []
  #order = 0
  nowMs = 0
  steps = 0

  /** Lets something happen in a life; `forget` is called instead when it never will. */
  at(life: Life, delayMs: number, run: () => void, forget?: () => void): void {
    const event = { atMs: this.nowMs + Math.max(delayMs, 0), order: this.#order++, life, run, forget }
    this.#events.splice(this.#placeOf(event), 0, event)
  }

  /** Nothing happens any more. */
  end(): void {
    for (const { forget } of this.#events.splice(0)) forget?.()
  }

  /** Lets the next event happen and everything that follows from it at once; false when there is none. */
  async step(): Promise<boolean> {
    const event = this.#events.shift()
    if (event === undefined) return false
    if (event.life.ended) return forgotten(event)
    this.nowMs = event.atMs
    this.steps += 1
    event.run()
    await turn()
    return true
  }

  // Few events wait at any time: a sorted list is enough.
  #placeOf(event: Event): number {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#events[middle]
      if (other !== undefined && other.atMs <= event.atMs) low = middle + 1
      else high = middle
    }
    return low
  }
}

function forgotten({ forget }: Event): true {
  forget?.()
  return true
}

/** Resolves when no promise is left that could go on. */
export function turn(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}
