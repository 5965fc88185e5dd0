import { numberOf, type Unique } from '../codec/header.ts'

interface Waiting {
  readonly unique: Unique
  /** The thread that asked; 0 when the kernel cannot name it here. */
  readonly pid: number
  readonly interruptible: Interruptible
  interrupted: boolean
  answered: boolean
}

/** What ends a request early: that its thread ends, any signal (then it is told so), or nothing. */
export type Interruptible = 'dying' | AbortController | undefined

/** What is to be known of a request that waits. */
export type WaitingRequest = Unique & { readonly pid: number }

/** Requests whose answer is still to come, so that an INTERRUPT finds them. */
export class WaitingRequests {
  readonly #byNumber = new Map<number, Waiting>()
  #whenEmpty: (() => void) | undefined

  /** Remembers a request that waits. */
  add({ uniqueLow, uniqueHigh, pid }: WaitingRequest, interruptible: Interruptible): Waiting {
    const unique = { uniqueLow, uniqueHigh }
    const waiting = { unique, pid, interruptible, interrupted: false, answered: false }
    this.#byNumber.set(numberOf(unique), waiting)
    return waiting
  }

  /** The answer has come: true when it should be sent, false when the request was given up before. */
  settle(unique: Unique, waiting: Waiting): boolean {
    const number = numberOf(unique)
    if (this.#byNumber.get(number) === waiting) this.#byNumber.delete(number)
    if (this.#isDrained) this.#whenEmpty?.()
    return !waiting.answered
  }

  /**
   * Its thread has got a signal, of whatever kind: true when it may be given up, should that signal end the thread.
   * False for what has been answered already and for what changes files: that is carried out, as a disk would.
   */
  interrupt(unique: Unique): boolean {
    const waiting = this.#byNumber.get(numberOf(unique))
    if (waiting === undefined || waiting.answered || waiting.interruptible === undefined) return false
    if (waiting.interruptible !== 'dying') {
      waiting.interruptible.abort()
      return false
    }
    waiting.interrupted = true
    return true
  }

  /** Gives up the interrupted requests of threads that are ending, and names them. */
  giveUp(isEnding: (pid: number) => boolean): Unique[] {
    const given = [...this.#interrupted()].filter(waiting => isEnding(waiting.pid))
    for (const waiting of given) waiting.answered = true
    return given.map(waiting => waiting.unique)
  }

  /** True while an interrupted request waits. */
  get someInterrupted(): boolean {
    return this.#interrupted().next().done !== true
  }

  /** Resolves when nothing waits any more but what only a signal ends, such as for a lock. */
  async drained(): Promise<void> {
    if (this.#isDrained) return
    await new Promise<void>(resolve => {
      this.#whenEmpty = resolve
    })
  }

  get #isDrained(): boolean {
    for (const { interruptible } of this.#byNumber.values())
      if (!(interruptible instanceof AbortController)) return false
    return true
  }

  *#interrupted(): Generator<Waiting, void> {
    for (const waiting of this.#byNumber.values()) if (waiting.interrupted && !waiting.answered) yield waiting
  }
}
