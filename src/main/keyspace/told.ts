import type { FillingTold } from '#keyspace'
import type { FillingRow } from '#rpc'

/** Progress that is told faster than it is read, to whoever listens: only the newest is kept. */
export class Told {
  #newest: FillingRow | undefined
  readonly #waiting = new Set<() => void>()

  readonly tell = (told: FillingTold): void => {
    this.#newest = rowOf(told)
    this.#wake()
  }

  /** What is told until some work ends, in whichever way. */
  async *until(work: Promise<unknown>): AsyncGenerator<FillingRow> {
    let isOver = false
    const end = (): void => {
      isOver = true
      this.#wake()
    }
    work.then(end, end)
    for (let seen: FillingRow | undefined; !isOver; ) {
      const newest = this.#newest
      if (newest === seen) await new Promise<void>(resolve => this.#waiting.add(resolve))
      else if (newest !== undefined) yield newest
      seen = newest
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

/** How far it has come, as the door tells it. */
export function rowOf(told: FillingTold): FillingRow {
  if (told.kind === 'raising') return { step: 'raising', done: 0, all: told.revisionsLeft }
  return { step: told.kind === 'checked' ? 'checking' : 'copying', done: told.entries, all: told.entriesAll }
}
