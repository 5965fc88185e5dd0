import { TURN_MS } from './limits.ts'
import type { Clock } from './world.ts'

/**
 * Lets all who have long work share one event loop: each does a piece of it whenever it is let, and is let until the turn is
 * used up; then the event loop goes round, and those who wait go on one after another. So nobody else waits for longer than a turn,
 * however many there are with long work. Who has begun and will soon be done goes before those who have not: were all to go on in
 * turn, all would be done last.
 */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly #turnMs: number
  readonly #line: (() => void)[] = []
  readonly #ahead: (() => void)[] = []
  // When this turn began; undefined when the event loop has gone round since.
  #beganMs: number | undefined
  #taken = 0

  /** Those of the event loop that a clock belongs to: whoever has long work there takes the same. */
  static of(clock: Clock): Turns {
    const known = ofClocks.get(clock)
    if (known !== undefined) return known
    const made = new Turns(clock, TURN_MS)
    ofClocks.set(clock, made)
    return made
  }

  /** A turn is used up after so long, or when TAKES_MAX pieces were let: all of them may have come before one has begun. */
  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>, turnMs: number) {
    this.#clock = clock
    this.#turnMs = turnMs
  }

  /** Resolves when the caller may do a piece: at once while the turn lasts and nobody waits. Rejects when the signal has aborted. */
  take(signal: AbortSignal): Promise<void> {
    return this.#let(this.#line, signal)
  }

  /** The same for who has begun, before those who have not: once or twice for each {@link take}, so that these come in too. */
  takeAhead(signal: AbortSignal): Promise<void> {
    return this.#let(this.#ahead, signal)
  }

  /**
   * For work that is seldom long: what is called between two steps of it. It waits for a turn, as {@link take}, when this one has
   * lasted long enough, by whomever.
   */
  steps(signal: AbortSignal): Step {
    return () => {
      if (this.#beganMs === undefined) this.#beginNew()
      return this.#isOver() ? this.take(signal) : undefined
    }
  }

  async #let(line: (() => void)[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#beganMs === undefined) this.#beginNew()
    const isNext = this.#ahead.length === 0 && (line === this.#ahead || line.length === 0)
    if (!isNext || this.#taken >= TAKES_MAX || this.#isOver()) await new Promise<void>(resolve => line.push(resolve))
    this.#taken += 1
    signal.throwIfAborted()
  }

  #isOver(): boolean {
    return this.#clock.monotonicMs() - (this.#beganMs ?? 0) >= this.#turnMs
  }

  // What is called while the event loop looks at sockets comes back at the end of the same round, so that goes round once more.
  #beginNew(): void {
    this.#began()
    void this.#round()
      .then(() => this.#round())
      .then(() => this.#end())
  }

  #beginNext(): void {
    this.#began()
    void this.#round().then(() => this.#end())
  }

  #began(): void {
    this.#taken = 0
    this.#beganMs = this.#clock.monotonicMs()
  }

  #round(): Promise<void> {
    return this.#clock.sleep(0, NEVER)
  }

  #end(): void {
    this.#beganMs = undefined
    const next = this.#line.shift() ?? this.#ahead.shift()
    if (next === undefined) return
    this.#beginNext()
    next()
    // Each of these comes by itself once the event loop has gone round: what the one before it let has done its piece by then.
    const lets = Math.min(this.#line.length + this.#ahead.length, LETS_MAX)
    for (let count = 0; count < lets; count++) void this.#round().then(() => this.#letAnother())
  }

  #letAnother(): void {
    if (!this.#isOver()) (this.#ahead.shift() ?? this.#line.shift())?.()
  }
}

/** Called between two steps of long work: what is to be awaited before the next, undefined when it may follow at once. */
export type Step = () => Promise<void> | undefined

/** Long work as a generator that yields between its steps: does all of them at once. */
export function runSteps<Result>(work: Generator<void, Result>): Result {
  let next = work.next()
  while (next.done !== true) next = work.next()
  return next.value
}

/** The same, with `step` between them: see {@link Turns.steps}. */
export async function runInSteps<Result>(work: Generator<void, Result>, step: Step): Promise<Result> {
  let next = work.next()
  for (; next.done !== true; next = work.next()) {
    const wait = step()
    if (wait !== undefined) await wait
  }
  return next.value
}

const ofClocks = new WeakMap<Clock, Turns>()
const TAKES_MAX = 4
/** Of those who wait, in one turn, however short their pieces are. */
const LETS_MAX = 16
const NEVER = new AbortController().signal
