import { type Figure, figureOf } from './figure.ts'
import type { FsyncTruth } from './fsync-truth.ts'
import type { Row } from './scenario.ts'
import type { Target } from './targets/target.ts'

type Name = Target['name']

/** A target that took part. */
export interface Participant {
  readonly name: Name
  readonly title: string
  /** Undefined where the disk does not count. */
  readonly fsync: FsyncTruth | undefined
}

/** What one run measured. */
export interface Results {
  readonly participants: readonly Participant[]
  readonly rows: readonly Row[]
  /** What was left out or failed, as sentences. */
  readonly notes: readonly string[]
  figure(row: Row, name: Name): Figure | undefined
}

/** Collects the figures of each round while a run goes on. */
export class Collection implements Results {
  readonly participants: Participant[] = []
  readonly rows: Row[] = []
  readonly notes: string[] = []
  readonly #values = new Map<string, number[]>()

  /** Keeps what one round measured. */
  add(rowId: string, name: Name, value: number): void {
    const key = `${rowId} ${name}`
    const values = this.#values.get(key)
    if (values === undefined) this.#values.set(key, [value])
    else values.push(value)
  }

  figure(row: Row, name: Name): Figure | undefined {
    return figureOf(this.#values.get(`${row.id} ${name}`) ?? [])
  }
}
