/** A folder to measure in, and what serves it. */
export interface Target extends AsyncDisposable {
  /** As in `--targets` and in the table. */
  readonly name: 'disk' | 'cairn' | 'glusterfs' | 'moosefs'
  /** What it is, with its version. */
  readonly title: string
  /** Where programs work. */
  readonly folder: string
  /** The processes that serve it; none for the disk itself. */
  pids(): readonly number[]
  /** Ends what serves it and starts it again on the same data, so that its caches are empty. Answers the milliseconds of the start. */
  restart(signal: AbortSignal): Promise<number>
}

/** What only Cairn is asked. */
export interface CairnTarget extends Target {
  readonly name: 'cairn'
  /** Runs the `cairn` command on its data folder. */
  command(words: readonly string[], signal: AbortSignal): Promise<void>
  /** Kills every process of it, then starts it again. Answers the milliseconds of the start. */
  crash(signal: AbortSignal): Promise<number>
}

/** True for the target that is this program itself. */
export function isCairn(target: Target): target is CairnTarget {
  return target.name === 'cairn'
}

/** Where a target may keep its data, and what its child processes belong to. */
export interface Place {
  /** An empty folder of its own on the measured disk. */
  readonly folder: string
  readonly signal: AbortSignal
}

/** A kind of target: whether it can run here, and how it is opened. */
export interface TargetKind {
  readonly name: Target['name']
  /** Why it cannot run here, as a sentence with its remedy; undefined when it can. */
  whyNot(): string | undefined
  open(place: Place): Promise<Target>
}
