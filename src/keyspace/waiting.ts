import type { Clock } from '#base'

/** Resolves or rejects like the work, or rejects with the signal's reason first; the work goes on either way. */
export function waitFor<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason)
    signal.addEventListener('abort', aborted, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
}

/** Sleeps for `ms`, or until the signal is aborted; never rejects for that. */
export async function sleepUntilWoken(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Runs some work for all who ask, one run at a time: a request is served by a run that starts after it. */
export class SharedRun {
  readonly #work: () => Promise<void>
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  request(): Promise<void> {
    this.#next ??= this.#start()
    return this.#next
  }

  async #start(): Promise<void> {
    await this.#running
    this.#next = undefined
    const run = this.#work()
    this.#running = run.then(nothing, nothing)
    return run
  }
}

function nothing(): void {}

/** Background work that is ended and awaited with its owner. */
export class TaskScope implements AsyncDisposable {
  readonly #ending = new AbortController()
  readonly #tasks = new Set<Promise<void>>()
  readonly #failed: (error: unknown) => void

  /** `failed` hears of a task that ends with an error other than the scope's own end. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  get signal(): AbortSignal {
    return this.#ending.signal
  }

  run(work: (signal: AbortSignal) => Promise<void>): void {
    const task = work(this.signal)
      .catch((error: unknown) => {
        if (!this.signal.aborted) this.#failed(error)
      })
      .finally(() => this.#tasks.delete(task))
    this.#tasks.add(task)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('closed'))
    await Promise.all(this.#tasks)
  }
}
