import type { PlacementDisk, PlacementMap, PlacementPool } from './map.ts'
import { mixed, scoreOf, type Seed, seedOf } from './score.ts'

/**
 * Orders disks for the groups of one pool, by one map. A machine is as near to a group as its nearest disk, and a zone as its
 * nearest machine: so a disk that comes takes groups to itself only, wherever it stands. Made once for a map;
 * `docs/scale.md` says what it costs then.
 */
export class PlacementOrder {
  readonly #pool: PlacementPool
  readonly #seed: Seed
  readonly #zones: readonly Zone[]
  readonly #machines: number

  constructor(map: PlacementMap, pool: PlacementPool) {
    this.#pool = pool
    this.#seed = seedOf(`pool ${pool.id}`)
    this.#zones = zonesOf(map, pool)
    this.#machines = this.#zones.reduce((sum, zone) => sum + zone.machines.length, 0)
  }

  /** How many copies a group shall have: fewer than the pool wants where there are fewer machines. */
  get copies(): number {
    return this.#pool.policy === 'all' ? this.#machines : Math.min(this.#pool.replicas, this.#machines)
  }

  /** The disks that shall hold a group, best first, each in another machine, and in another zone while there are any. */
  wanted(group: number): PlacementDisk[] {
    return this.#order(group, this.copies)
  }

  /** All machines' disks for a group, best first: who takes over where a wanted one fails. */
  all(group: number): PlacementDisk[] {
    return this.#order(group, this.#machines)
  }

  #order(group: number, count: number): PlacementDisk[] {
    const queues = this.#zones.map(zone => this.#best(zone, group, count))
    const disks: PlacementDisk[] = []
    // A round takes one machine of each zone, the best first.
    for (let round = 0; disks.length < count; round++) {
      const next = queues.flatMap(queue => queue[round] ?? []).sort((a, b) => (isBefore(a, b) ? -1 : 1))
      for (const { leaf } of next.slice(0, count - disks.length)) disks.push(leaf.disk)
    }
    return disks
  }

  // The best disks of the `count` best machines of a zone: few of many, so each is put where it belongs among the best so far.
  #best({ machines }: Zone, group: number, count: number): Placed[] {
    const best: Placed[] = []
    for (const leaves of machines) {
      const worst = best.length < count ? Number.POSITIVE_INFINITY : (best.at(-1)?.score ?? 0)
      const placed = this.#bestOf(leaves, group, worst)
      if (placed === undefined) continue
      let at = best.length
      while (at > 0 && isBefore(placed, best[at - 1])) at -= 1
      best.splice(at, 0, placed)
      if (best.length > count) best.pop()
    }
    return best
  }

  // Most are too far, and cost no memory.
  #bestOf(leaves: Leaves, group: number, worst: number): Placed | undefined {
    let best: Placed | undefined
    for (const leaf of leaves) {
      const score = scoreOf(mixed(leaf.seed, this.#seed, group), leaf.weight)
      if (score > worst) continue
      const placed = { leaf, score }
      if (best === undefined || isBefore(placed, best)) best = placed
    }
    return best
  }
}

// Two with the same score, which two of a million million may have, are ordered by their names.
function isBefore(one: Placed, other: Placed | undefined): boolean {
  if (other === undefined || one.score < other.score) return true
  return one.score === other.score && one.leaf.disk.id < other.leaf.disk.id
}

/** A disk with what it counts by. */
interface Leaf {
  readonly disk: PlacementDisk
  readonly seed: Seed
  readonly weight: number
}

/** The disks of one machine. */
type Leaves = readonly [Leaf, ...Leaf[]]

interface Placed {
  readonly leaf: Leaf
  readonly score: number
}

interface Zone {
  readonly machines: readonly Leaves[]
}

function zonesOf({ disks }: PlacementMap, { policy }: PlacementPool): Zone[] {
  const alive = disks.filter(disk => disk.weight > 0)
  const machines = grouped(alive, disk => disk.machine).map(each => leavesOf(each, policy))
  return grouped(machines, ([{ disk }]) => disk.zone).map(each => ({ machines: each }))
}

// Of a machine that counts as much as any other, each disk has its part.
function leavesOf(disks: readonly [PlacementDisk, ...PlacementDisk[]], policy: PlacementPool['policy']): Leaves {
  const share = policy === 'roundRobin' ? 1 / sumOf(disks) : 1
  const leafOf = (disk: PlacementDisk): Leaf => ({ disk, seed: seedOf(`disk ${disk.id}`), weight: disk.weight * share })
  const [first, ...others] = disks
  return [leafOf(first), ...others.map(leafOf)]
}

function grouped<T>(all: readonly T[], keyOf: (each: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const each of all) {
    const known = groups.get(keyOf(each))
    if (known === undefined) groups.set(keyOf(each), [each])
    else known.push(each)
  }
  return [...groups.values()]
}

function sumOf(parts: readonly { readonly weight: number }[]): number {
  return parts.reduce((sum, part) => sum + part.weight, 0)
}
