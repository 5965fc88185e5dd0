import { reachesDisk } from './fsync-truth.ts'
import type { Participant, Results } from './results.ts'
import type { Goal, Row } from './scenario.ts'
import type { Target } from './targets/target.ts'

/** What became of a goal; `open` when what it is measured against did not take part. */
type Outcome = 'met' | 'missed' | 'open'

/** One line of the table, judged. */
export interface Verdict {
  readonly row: Row
  /** How many times better Cairn is than each other target, by its name. */
  readonly ratios: Readonly<Partial<Record<Target['name'], number>>>
  /** Targets that are shown but not compared with, because their fsync does not reach the disk. */
  readonly unlike: readonly Target['name'][]
  /** The goal in words; empty without one. */
  readonly goal: string
  /** Undefined without a goal. */
  readonly outcome: Outcome | undefined
}

/** Judges one row of the results. */
export function judge(row: Row, results: Results): Verdict {
  const ours = results.figure(row, 'cairn')?.median
  const others = results.participants.filter(({ name }) => name !== 'cairn')
  const ratios = Object.fromEntries(
    others.flatMap(({ name }) => {
      const theirs = results.figure(row, name)?.median
      const ratio = ours === undefined || theirs === undefined ? undefined : ratioOf(row, ours, theirs)
      return ratio === undefined || !Number.isFinite(ratio) ? [] : [[name, ratio] as const]
    }),
  ) as Verdict['ratios']
  const unlike = others.filter(other => isUnlike(row, other, results)).map(({ name }) => name)
  return { row, ratios, unlike, goal: goalInWords(row), outcome: outcomeOf(row, { ours, ratios, unlike }) }
}

function ratioOf(row: Row, ours: number, theirs: number): number {
  return row.better === 'higher' ? ours / theirs : theirs / ours
}

function isUnlike(row: Row, other: Participant, { participants }: Results): boolean {
  const disk = participants.find(({ name }) => name === 'disk')?.fsync
  if (row.fsync === undefined || other.fsync === undefined || disk === undefined) return false
  return !reachesDisk(other.fsync, disk, row.fsync)
}

interface Measured {
  readonly ours: number | undefined
  readonly ratios: Verdict['ratios']
  readonly unlike: Verdict['unlike']
}

function outcomeOf({ goal }: Row, { ours, ratios, unlike }: Measured): Outcome | undefined {
  if (goal === undefined) return undefined
  const peers = Object.entries(ratios).filter(([name]) => name !== 'disk' && !unlike.some(each => each === name))
  // The better peer is the one we are least ahead of.
  const againstPeers = peers.length === 0 ? undefined : Math.min(...peers.map(([, ratio]) => ratio))
  const checks = [
    passes(againstPeers, goal.peers),
    passes(ratios.disk, goal.disk),
    passes(ours, goal.atLeast),
    passes(ours === undefined ? undefined : -ours, goal.atMost === undefined ? undefined : -goal.atMost),
  ]
  if (checks.includes('missed')) return 'missed'
  return checks.includes('open') ? 'open' : 'met'
}

function passes(value: number | undefined, least: number | undefined): Outcome {
  if (least === undefined) return 'met'
  if (value === undefined) return 'open'
  return value >= least ? 'met' : 'missed'
}

function goalInWords({ goal = {}, unit }: Row): string {
  const parts: Readonly<Record<keyof Goal, string>> = {
    peers: `>= ${goal.peers}x better peer`,
    disk: `>= ${goal.disk}x disk`,
    aimDisk: `aim ${goal.aimDisk}x disk`,
    atLeast: `>= ${goal.atLeast} ${unit}`,
    atMost: `<= ${goal.atMost} ${unit}`,
  }
  return (Object.keys(parts) as (keyof Goal)[])
    .filter(part => goal[part] !== undefined)
    .map(part => parts[part])
    .join(', ')
}
