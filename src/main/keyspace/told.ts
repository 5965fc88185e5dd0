import type { FillingTold } from '#keyspace'
import type { FillingRow } from '#rpc'

/** Progress that is told faster than it is read: only the newest is kept. */
export class Told {
  #newest: FillingRow | undefined
  #wake: () => void = () => undefined

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
    while (!isOver) {
      if (this.#newest === undefined) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
        continue
      }
      const row = this.#newest
      this.#newest = undefined
      yield row
    }
  }
}

/** How far it has come, as the door tells it. */
export function rowOf(told: FillingTold): FillingRow {
  if (told.kind === 'raising') return { step: 'raising', done: 0, all: told.revisionsLeft }
  return { step: told.kind === 'checked' ? 'checking' : 'copying', done: told.entries, all: told.entriesAll }
}
