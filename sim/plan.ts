import type { DiskFaults, DiskOperation, InjectedFault } from './disk/faults.ts'
import type { Ending } from './life.ts'
import type { Random } from './random.ts'

/** What kind of trouble a run is about. */
export type PlanKind = (typeof PLAN_KINDS)[number]

/** All kinds of trouble, by name. */
export const PLAN_KINDS = ['calm', 'kill', 'power', 'mixed', 'full', 'failing', 'rot'] as const

/** Everything about a run that its seed decides before it begins. */
export interface RunPlan {
  readonly kind: PlanKind
  readonly chunkBytes: number
  readonly segmentBytesMax: number
  readonly ballastBytes: number
  readonly capacityBytes: number
  /** Chunks are hashed and stored beside other work, as by threads. */
  readonly hasThreads: boolean
  readonly actors: number
  /** The filesystem has limits, which it never reaches. */
  readonly hasQuota: boolean
  readonly lives: number
}

/** How one life goes: it is ended by force at a disk operation or at a time, or closed when its work is done. */
export interface LifePlan {
  readonly ending: Ending | 'close'
  /** Ends at this operation of the disk, before or after it. */
  readonly atOperation: number | undefined
  readonly side: 'before' | 'after'
  /** Ends after this many milliseconds, between two events. */
  readonly atMs: number | undefined
  /** The mount outlives a killed process: unlinked files stay open. */
  readonly isMounted: boolean
  readonly faults: readonly PlannedFault[]
  /** Damage done to the resting disk before this life begins, and to the running one. */
  readonly rot: { readonly before: number; readonly during: number }
}

interface PlannedFault extends InjectedFault {
  readonly kind: DiskOperation['kind']
  readonly from: number
  readonly to: number
}

const MIB = 2 ** 20

export function planRun(random: Random, wanted: PlanKind | undefined): RunPlan {
  const kind = wanted ?? random.weighted({ calm: 1, kill: 3, power: 4, mixed: 3, full: 2, failing: 2, rot: 2 })
  return {
    kind,
    chunkBytes: random.pick([65_536, 131_072, 131_072]),
    segmentBytesMax: random.pick([MIB / 2, 4 * MIB]),
    ballastBytes: MIB,
    capacityBytes: kind === 'full' ? random.between(6, 16) * MIB : 1024 * MIB,
    actors: random.between(1, 4),
    hasQuota: random.chance(0.5),
    lives: random.between(2, 6),
    hasThreads: random.chance(0.5),
  }
}

export function planLife(random: Random, run: RunPlan): LifePlan {
  const ending = endingOf(random, run.kind)
  const early = random.chance(0.25)
  const byOperation = random.chance(0.7)
  const { kind } = run
  return {
    ending,
    atOperation: ending !== 'close' && byOperation ? random.between(1, early ? 60 : 1500) : undefined,
    side: random.pick(['before', 'after']),
    atMs: ending !== 'close' && !byOperation ? random.between(1, early ? 200 : 20_000) : undefined,
    isMounted: random.chance(0.5),
    faults: kind === 'failing' ? failures(random) : kind === 'full' ? shortages(random) : [],
    rot: kind === 'rot' ? { before: random.below(4), during: random.below(4) } : { before: 0, during: 0 },
  }
}

function endingOf(random: Random, kind: PlanKind): LifePlan['ending'] {
  const clean = random.chance(0.15)
  if (kind === 'calm' || clean) return 'close'
  if (kind === 'rot') return random.chance(0.6) ? 'close' : 'kill'
  if (kind === 'kill' || kind === 'full') return 'kill'
  return kind === 'power' ? 'power' : random.pick(['kill', 'power'])
}

// After an error of the disk a store stops taking changes: one such error in a life is enough.
function failures(random: Random): PlannedFault[] {
  if (random.chance(0.2)) return []
  const kind = random.pick(['sync', 'sync', 'write', 'read', 'syncFolder', 'open'] as const)
  const from = random.between(1, 600)
  return [
    { kind, from, to: from + random.below(30), code: 'EIO', done: random.fraction(), dropsCache: random.chance(0.3) },
  ]
}

function shortages(random: Random): PlannedFault[] {
  return Array.from({ length: random.below(4) }, () => {
    const from = random.between(1, 1000)
    const done = random.chance(0.5) ? random.fraction() : 0
    return { kind: 'write', from, to: from + random.below(20), code: 'ENOSPC', done, dropsCache: false } as const
  })
}

/** The disk's faults in one life. */
export function faultsOf(plan: LifePlan): DiskFaults {
  return {
    fault: ({ kind, number }) =>
      plan.faults.find(fault => fault.kind === kind && number >= fault.from && number <= fault.to),
    crash: ({ number }) => (number === plan.atOperation ? plan.side : undefined),
    lies: () => false,
  }
}
