import { ERRNO, type Errno } from '#storage/fs'
import type { Canary } from '../canaries.ts'
import type { Life } from '../life.ts'
import type { Expectation } from '../model/expectation.ts'
import type { SnapshotBook } from '../model/snapshot-book.ts'
import { mustHold, Violation } from '../model/violation.ts'
import { show } from '../model/observe.ts'
import type { Random } from '../random.ts'
import type { Stack } from '../stack.ts'
import type { Trace } from '../trace.ts'
import type { Floor } from './floor.ts'

/** What operations of one life work with. */
export interface Setting {
  readonly life: Life
  readonly stack: Stack
  readonly expected: Expectation
  readonly random: Random
  readonly trace: Trace
  readonly content: Content
  /** Errors that an operation may answer because the disk was made to fail. */
  readonly excused: ReadonlySet<Errno>
  /** Files with an operation under way that others keep away from. */
  readonly busy: Set<number>
  /** What is being done that only one may do at a time. */
  readonly using: Set<string>
  readonly floor: Floor
  /** What becomes true in a life and stays so: inode numbers can be given away without waiting. */
  readonly lasting: { hasNumbers: boolean }
  readonly snapshots: SnapshotBook
  /** True when reads may report damage instead of answering. */
  readonly mayBeDamaged: boolean
  readonly canary: Canary | undefined
  /** Counts what was answered, for the trace and the end. */
  readonly tally: Tally
}

export interface Tally {
  done: number
  refused: number
  failed: number
}

/** Bytes to write: pieces of a pool, so that no two writes are alike, and now and then zeros or a repetition. */
export class Content {
  readonly #pool: Buffer

  constructor(random: Random) {
    this.#pool = random.bytes(2 * POOL_BYTES)
  }

  take(random: Random, count: number): Buffer {
    if (random.chance(0.05)) return Buffer.alloc(count)
    const from = random.chance(0.1) ? 0 : random.below(POOL_BYTES)
    return Buffer.from(this.#pool.subarray(from, from + count))
  }
}

/** Notes an answer; throws a violation for one that must not be. True when the operation was done. */
export function isDone(setting: Setting, answered: Answered): boolean {
  const { answer, refusal, what } = answered
  setting.trace.line(`${what}: ${show(answer)}`)
  if (typeof answer !== 'number') {
    mustHold(refusal === undefined, () => `${what} was done, not refused with ${show(refusal)}`)
    setting.tally.done += 1
    return true
  }
  if (answer === refusal) {
    setting.tally.refused += 1
    return false
  }
  if (!setting.excused.has(answer as Errno)) {
    throw new Violation(`${what} answered ${show(answer)}${refusal === undefined ? '' : `, not ${show(refusal)}`}`)
  }
  setting.tally.failed += 1
  return false
}

/** An answer and what it should have been. */
export interface Answered {
  readonly what: string
  readonly answer: unknown
  readonly refusal: Errno | undefined
}

/** True for an answer that leaves open whether the operation happened. */
export function isDoubtful(answer: unknown): boolean {
  return answer === ERRNO.EIO
}

/** A promise for those whose process has ended: it never comes. */
export function never(): Promise<never> {
  return new Promise(() => undefined)
}

const POOL_BYTES = 2 ** 20
