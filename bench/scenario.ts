import type { Figures, JobInput } from './jobs/job.ts'
import type { JobName } from './jobs/index.ts'
import type { Seed } from './seed.ts'
import type { Sizes } from './sizes.ts'
import type { Target } from './targets/target.ts'

/** What a row must reach. Ratios are how many times better Cairn is; limits are in the unit of the row. */
export interface Goal {
  /** Against the better one of the peers. */
  readonly peers?: number
  /** Against the plain disk. */
  readonly disk?: number
  /** Against the plain disk, wished for, not demanded. */
  readonly aimDisk?: number
  readonly atLeast?: number
  readonly atMost?: number
}

/** Which promise of fsync a row rests on: see `fsync-truth.ts`. */
export type FsyncKind = 'rewrite' | 'create'

/** One line of the table. */
export interface Row {
  readonly id: string
  readonly title: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
  readonly goal?: Goal
  /** A peer whose fsync does not reach the disk in this case is shown, but not compared with. */
  readonly fsync?: FsyncKind
}

/** What a scenario works with, on one target in one round. */
export interface Turn {
  readonly target: Target
  /** An empty folder on the target. */
  readonly folder: string
  readonly sizes: Sizes
  readonly seed: Seed
  readonly signal: AbortSignal
  /** Does a job in a process of its own. */
  job(name: JobName, input: JobInput): Promise<Figures>
  /** Runs a program and answers its seconds. */
  command(words: readonly string[], cwd?: string): Promise<number>
  /** Makes everything cold: caches of the kernel and of the target. */
  chill(): Promise<void>
  /** Keeps a figure of this turn. */
  record(rowId: string, value: number | undefined): void
}

/** Rows that are measured in one go, on one target after the other, in each round. */
export interface Scenario {
  readonly name: string
  readonly rows: readonly Row[]
  /** Targets it is for; all when not said. */
  readonly only?: readonly Target['name'][]
  /** Rounds at most, where one is long. */
  readonly roundsMax?: number
  /** Its files are left to go with the target: for the last scenario, with too many to remove one by one. */
  readonly leavesFiles?: boolean
  /** Why it cannot be measured here; undefined when it can. */
  whyNot?(seed: Seed): string | undefined
  run(turn: Turn): Promise<void>
}
