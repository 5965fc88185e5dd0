import { numberOf, type Unique } from '../codec/header.ts'

interface Waiting {
  readonly interruptible: boolean
  answered: boolean
}

/** Requests whose answer is still to come, so that an INTERRUPT finds them. */
export class WaitingRequests {
  readonly #byNumber = new Map<number, Waiting>()
  #whenEmpty: (() => void) | undefined

  /** Remembers a request that waits. */
  add(unique: Unique, interruptible: boolean): Waiting {
    const waiting = { interruptible, answered: false }
    this.#byNumber.set(numberOf(unique), waiting)
    return waiting
  }

  /** The answer has come: true when it should be sent, false when the request was interrupted before. */
  settle(unique: Unique, waiting: Waiting): boolean {
    const number = numberOf(unique)
    if (this.#byNumber.get(number) === waiting) this.#byNumber.delete(number)
    if (this.#byNumber.size === 0) this.#whenEmpty?.()
    return !waiting.answered
  }

  /**
   * Finds a request to be answered EINTR and marks it answered. False for what has been answered already and for
   * what changes files: such a request is carried out, as a disk would.
   */
  interrupt(unique: Unique): boolean {
    const waiting = this.#byNumber.get(numberOf(unique))
    if (waiting === undefined || waiting.answered || !waiting.interruptible) return false
    waiting.answered = true
    return true
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    if (this.#byNumber.size === 0) return
    await new Promise<void>(resolve => {
      this.#whenEmpty = resolve
    })
  }
}
