import type { Clock } from '#base'

/** A signal that aborts when a time is over, until it is disposed. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal
}

interface Open {
  readonly endMs: number
  readonly over: AbortController
}

/** Deadlines that are all as far away when they are opened: one timer serves them, which runs while any is open. */
export class Deadlines {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly #ms: number
  /** In order of their ends. */
  readonly #open = new Set<Open>()
  #timer: AbortController | undefined

  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>, ms: number) {
    this.#clock = clock
    this.#ms = ms
  }

  /** Aborts with `signal`, or with a TimeoutError when the time is over. Disposing forgets both. */
  open(signal: AbortSignal): Deadline {
    const over = new AbortController()
    const open: Open = { endMs: this.#clock.monotonicMs() + this.#ms, over }
    const follow = (): void => over.abort(signal.reason)
    if (signal.aborted) follow()
    else signal.addEventListener('abort', follow, { once: true })
    this.#open.add(open)
    if (this.#timer === undefined) this.#waitFor(open)
    return {
      signal: over.signal,
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', follow)
        this.#forget(open)
      },
    }
  }

  #forget(open: Open): void {
    this.#open.delete(open)
    if (this.#open.size > 0) return
    this.#timer?.abort(FORGOTTEN)
    this.#timer = undefined
  }

  #waitFor({ endMs }: Open): void {
    const timer = new AbortController()
    this.#timer = timer
    this.#clock.sleep(Math.max(endMs - this.#clock.monotonicMs(), 1), timer.signal).then(
      () => {
        if (this.#timer === timer) this.#end()
      },
      () => undefined,
    )
  }

  #end(): void {
    this.#timer = undefined
    const nowMs = this.#clock.monotonicMs()
    for (const open of this.#open) {
      if (open.endMs > nowMs) return this.#waitFor(open)
      this.#open.delete(open)
      open.over.abort(new DOMException('the time is over', 'TimeoutError'))
    }
  }
}

/** One deadline alone. */
export function deadline(clock: Clock, ms: number, signal: AbortSignal): Deadline {
  return new Deadlines(clock, ms).open(signal)
}

// Made once: every request ends by this, and an error costs more than the rest of it.
const FORGOTTEN = new Error('nobody waits any more')
