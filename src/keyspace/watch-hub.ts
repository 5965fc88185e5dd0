import { keyspaceFault } from './faults.ts'
import { type Span, spanHas } from './key-set.ts'
import type { KeyEvent, Revision, WatchBatch } from './keyspace.ts'
import { WATCH_BACKLOG_MAX } from './limits.ts'

/** Hands the events of each revision to those who watch. */
export class WatchHub {
  readonly #watchers = new Set<Watcher>()
  readonly #bells = new Set<() => void>()

  publish(revision: Revision, events: readonly KeyEvent[]): void {
    for (const ring of this.#bells) ring()
    for (const watcher of this.#watchers) watcher.offer(revision, events)
  }

  /** Watches from the next revision on, until the watcher is closed. */
  attach(span: Span, previous: boolean): Watcher {
    const watcher = new Watcher(span, previous, () => this.#watchers.delete(watcher))
    this.#watchers.add(watcher)
    return watcher
  }

  /** Resolves at the next revision, at the end of the keyspace or when aborted. */
  arrival(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const ring = (): void => {
        this.#bells.delete(ring)
        signal.removeEventListener('abort', ring)
        resolve()
      }
      this.#bells.add(ring)
      signal.addEventListener('abort', ring, { once: true })
      if (signal.aborted) ring()
    })
  }

  /** Ends every watcher with an error. */
  end(error: Error): void {
    for (const ring of this.#bells) ring()
    for (const watcher of this.#watchers) watcher.fail(error)
  }
}

/** The events of a span, queued for one reader. */
export class Watcher {
  readonly #span: Span
  readonly #previous: boolean
  readonly #detach: () => void
  #queue: WatchBatch[] = []
  #backlog = 0
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(span: Span, previous: boolean, detach: () => void) {
    this.#span = span
    this.#previous = previous
    this.#detach = detach
  }

  offer(revision: Revision, events: readonly KeyEvent[]): void {
    const wanted = eventsIn(events, this.#span, this.#previous)
    if (wanted.length === 0) return
    if (this.#backlog + wanted.length > WATCH_BACKLOG_MAX && this.#backlog > 0) {
      return this.fail(
        keyspaceFault('SlowWatcher', `a watcher is more than ${WATCH_BACKLOG_MAX} events behind`, {
          hint: `Watch again from revision ${this.#queue[0]?.revision ?? revision}.`,
        }),
      )
    }
    this.#backlog += wanted.length
    this.#queue.push({ revision, events: wanted })
    this.#wake?.()
  }

  /** Tells that nothing of the span happened up to a revision. */
  progress(revision: Revision): void {
    this.#queue.push({ revision, events: [] })
    this.#wake?.()
  }

  fail(error: Error): void {
    this.#error ??= error
    this.#detach()
    this.#wake?.()
  }

  /** All that has come since the last call; waits for something. */
  async take(signal: AbortSignal): Promise<WatchBatch[]> {
    if (this.#queue.length === 0) await this.#arrival(signal)
    if (this.#error !== undefined) throw this.#error
    signal.throwIfAborted()
    const batches = this.#queue
    this.#queue = []
    this.#backlog = 0
    return batches
  }

  close(): void {
    this.#detach()
  }

  #arrival(signal: AbortSignal): Promise<void> {
    if (this.#error !== undefined || signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#wake = undefined
        resolve()
      }
      this.#wake = wake
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}

/** The events of keys in a span, with what was there before only when wanted. */
export function eventsIn(events: readonly KeyEvent[], span: Span, previous: boolean): readonly KeyEvent[] {
  let wanted: KeyEvent[] | undefined // nearly never: a revision is of one key, and everybody is asked
  for (const event of events) {
    if (!spanHas(span, event.kind === 'put' ? event.entry.key : event.key)) continue
    wanted ??= []
    wanted.push(previous ? event : { ...event, previous: undefined })
  }
  return wanted ?? NONE
}

const NONE: readonly KeyEvent[] = []
