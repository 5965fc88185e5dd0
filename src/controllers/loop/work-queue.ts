import { assert, type World } from '#base'
import { backoffMs } from '#client'
import { DELAY_STEP_MS, RETRY_MS, RETRY_MS_MAX } from '../limits.ts'

/**
 * Keys to be worked on. A key waits once however often it is added, is given to one worker at a time, and comes again when it
 * was added meanwhile; those that come again stand at the end, so that none keeps others waiting.
 */
export class WorkQueue implements Disposable {
  readonly #world: Pick<World, 'clock' | 'entropy'>
  readonly #ready: () => void
  readonly #waiting = new Set<string>()
  // Goes through those that wait as they come. From the beginning a set finds its first only behind the places of all that were taken.
  #line = this.#waiting.values()
  readonly #active = new Set<string>()
  /** Added while being worked on. */
  readonly #again = new Set<string>()
  readonly #dueMs = new Map<string, number>()
  readonly #failures = new Map<string, number>()
  #timer: { readonly dueMs: number; readonly end: AbortController } | undefined
  #isClosed = false

  /** `ready` is called when a key can be taken that could not before. */
  constructor(world: Pick<World, 'clock' | 'entropy'>, ready: () => void) {
    this.#world = world
    this.#ready = ready
  }

  /** Keys that can be taken. */
  get waiting(): number {
    return this.#waiting.size
  }

  get active(): number {
    return this.#active.size
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#dueMs.size
  }

  add(key: string): void {
    if (this.#isClosed) return
    this.#dueMs.delete(key)
    if (this.#active.has(key)) {
      this.#again.add(key)
      return
    }
    if (this.#waiting.has(key)) return
    this.#waiting.add(key)
    this.#ready()
  }

  /** Adds a key after `ms`, unless it is added or due before. */
  addAfter(key: string, ms: number): void {
    if (this.#isClosed || this.#waiting.has(key) || this.#again.has(key)) return
    const dueMs = this.#world.clock.monotonicMs() + ms
    const known = this.#dueMs.get(key)
    if (known !== undefined && known <= dueMs) return
    this.#dueMs.set(key, dueMs)
    this.#wakeAt(dueMs)
  }

  /** The key that waits longest, which is the caller's until {@link done}; undefined when none can be taken. */
  take(): string | undefined {
    const key = this.#first()
    if (key === undefined) return undefined
    this.#waiting.delete(key)
    this.#active.add(key)
    return key
  }

  #first(): string | undefined {
    const next = this.#line.next()
    if (next.done !== true) return next.value
    this.#line = this.#waiting.values()
    return this.#line.next().value
  }

  /** Ends the work on a key. After a failure it comes again, later each time; answers the failures in a row. */
  done(key: string, outcome: 'good' | 'failed'): number {
    assert(this.#active.delete(key), 'only what was taken is done')
    const failures = outcome === 'good' ? 0 : (this.#failures.get(key) ?? 0) + 1
    if (failures === 0) this.#failures.delete(key)
    else this.#failures.set(key, failures)
    const isAdded = this.#again.delete(key)
    // What was added while the work failed waits all the same: else a busy object is tried without a pause.
    if (failures > 0) {
      this.addAfter(key, backoffMs(failures, { firstMs: RETRY_MS, mostMs: RETRY_MS_MAX }, this.#world.entropy))
    } else if (isAdded) this.add(key)
    return failures
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#timer?.end.abort()
    this.#waiting.clear()
    this.#dueMs.clear()
  }

  #wakeAt(dueMs: number): void {
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return
    this.#timer?.end.abort()
    const timer = { dueMs, end: new AbortController() }
    this.#timer = timer
    const ms = Math.max(DELAY_STEP_MS, dueMs - this.#world.clock.monotonicMs())
    this.#world.clock.sleep(ms, timer.end.signal).then(
      () => this.#wake(),
      () => undefined,
    )
  }

  #wake(): void {
    this.#timer = undefined
    if (this.#isClosed) return
    const nowMs = this.#world.clock.monotonicMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const [key, dueMs] of this.#dueMs) {
      if (dueMs <= nowMs) this.add(key)
      else nextMs = Math.min(nextMs, dueMs)
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#wakeAt(nextMs)
  }
}
