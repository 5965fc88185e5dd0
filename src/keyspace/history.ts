import type { Clock } from '#base'
import { revisionOf } from './change.ts'
import type { Revision } from './keyspace.ts'

/** How much history is kept: until it is older than `ms` or longer than `revisions`; none when both are 0. */
export interface HistoryKept {
  readonly ms: number
  readonly revisions: number
}

/** Marks of the past that are kept to find the revision of a moment. */
const MARKS = 64

/** Decides which revisions can still be asked for. */
export class History {
  readonly kept: boolean
  readonly #limit: HistoryKept
  readonly #clock: Clock
  readonly #marks: { readonly atMs: number; readonly revision: Revision }[] = []
  #compacted: Revision
  #newest: Revision

  constructor(limit: HistoryKept, clock: Clock, compacted: Revision) {
    this.kept = limit.ms > 0 && limit.revisions > 0
    this.#limit = limit
    this.#clock = clock
    this.#compacted = compacted
    this.#newest = compacted
  }

  /** The oldest revision that can be asked for. */
  get compacted(): Revision {
    return this.kept ? this.#compacted : this.#newest
  }

  reached(revision: Revision): void {
    this.#newest = revision
  }

  compactTo(revision: Revision): void {
    if (revision > this.#compacted) this.#compacted = revision
  }

  /** Moves on with time and returns the revision whose past can be forgotten. */
  target(): Revision {
    if (!this.kept) return this.#newest
    this.#mark()
    const long = this.#newest - this.#limit.revisions
    const oldest = this.#marks[0]
    const old = oldest !== undefined && oldest.atMs + this.#limit.ms <= this.#clock.monotonicMs() ? oldest.revision : 0
    this.compactTo(revisionOf(Math.max(long, old, 0)))
    return this.#compacted
  }

  #mark(): void {
    const nowMs = this.#clock.monotonicMs()
    const last = this.#marks.at(-1)
    if (last === undefined || nowMs - last.atMs >= this.#limit.ms / MARKS) {
      this.#marks.push({ atMs: nowMs, revision: this.#newest })
    }
    while ((this.#marks[1]?.atMs ?? Number.POSITIVE_INFINITY) + this.#limit.ms <= nowMs) this.#marks.shift()
  }
}
