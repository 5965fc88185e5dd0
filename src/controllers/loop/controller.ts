import { isFault, whyOf, type World } from '#base'
import { PARALLEL_MAX, QUIET_FAILURES } from '../limits.ts'
import { WorkQueue } from './work-queue.ts'

/** What a look at a key came to: nothing left to do, or something that only time brings. */
export type Outcome = { readonly kind: 'done' } | { readonly kind: 'again'; readonly afterMs: number }

export const DONE: Outcome = { kind: 'done' }

/** What a controller is made of. */
export interface ControllerOptions {
  /** As people read it in logs and metrics, such as `namespace`. */
  readonly name: string
  readonly world: Pick<World, 'clock' | 'entropy' | 'log'>
  /**
   * Reads what there is under a key and takes the next step; doing it twice is harmless. What it throws is tried again,
   * later each time.
   */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>
  readonly parallel?: number | undefined
}

/** How much a controller has done, for metrics. */
export interface ControllerCounts {
  readonly name: string
  readonly waiting: number
  readonly delayed: number
  readonly active: number
  /** Looks that ended well, and that failed. */
  readonly done: number
  readonly failed: number
  readonly busyMs: number
}

/** Works on keys as they are added, a bounded number at once and each by one worker, until it is disposed. */
export class Controller implements AsyncDisposable {
  readonly name: string
  readonly #options: ControllerOptions
  readonly #queue: WorkQueue
  readonly #end = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #owned = new AsyncDisposableStack()
  #done = 0
  #failed = 0
  #busyMs = 0

  constructor(options: ControllerOptions) {
    this.name = options.name
    this.#options = options
    this.#queue = new WorkQueue(options.world, () => this.#pump())
  }

  /** Looks at a key as soon as there is room. */
  add(key: string): void {
    this.#queue.add(key)
  }

  addAfter(key: string, ms: number): void {
    this.#queue.addAfter(key, ms)
  }

  /** Holds what feeds this controller: disposed with it, before it. */
  use<Value extends Disposable | AsyncDisposable>(value: Value): Value {
    return this.#owned.use(value)
  }

  get counts(): ControllerCounts {
    const { waiting, delayed, active } = this.#queue
    const [done, failed, busyMs] = [this.#done, this.#failed, this.#busyMs]
    return { name: this.name, waiting, delayed, active, done, failed, busyMs }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync()
    this.#queue[Symbol.dispose]()
    this.#end.abort()
    await Promise.all(this.#running)
  }

  #pump(): void {
    const parallel = this.#options.parallel ?? PARALLEL_MAX
    while (this.#running.size < parallel && !this.#end.signal.aborted) {
      const key = this.#queue.take()
      if (key === undefined) return
      const work = this.#work(key).finally(() => {
        this.#running.delete(work)
        this.#pump()
      })
      this.#running.add(work)
    }
  }

  async #work(key: string): Promise<void> {
    const { clock } = this.#options.world
    const startedMs = clock.monotonicMs()
    const outcome = await this.#look(key)
    this.#busyMs += clock.monotonicMs() - startedMs
    const failures = this.#queue.done(key, outcome.kind === 'failed' ? 'failed' : 'good')
    if (outcome.kind === 'again') this.#queue.addAfter(key, outcome.afterMs)
    if (outcome.kind !== 'failed') this.#done += 1
    else {
      this.#failed += 1
      this.#complain(key, outcome.error, failures)
    }
  }

  async #look(key: string): Promise<Outcome | { readonly kind: 'failed'; readonly error: unknown }> {
    // Never at once: who adds a key does not wait for what comes of it.
    await Promise.resolve()
    try {
      return await this.#options.reconcile(key, this.#end.signal)
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  #complain(key: string, error: unknown, failures: number): void {
    const isOurs = !isFault(error)
    if (this.#end.signal.aborted || (failures < QUIET_FAILURES && !isOurs)) return
    const fields = { controller: this.name, key, failures, error: whyOf(error) }
    this.#options.world.log.warn('a controller failed', fields)
  }
}
