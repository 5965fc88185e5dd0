import type { PlacementDisk, PlacementMap, PlacementPool } from './map.ts'
import { mixed, scoreOf, type Seed, seedOf } from './score.ts'

/** Orders disks for the groups of one pool, by one map. Made once for a map; a group of a thousand disks takes 25 us then. */
export class PlacementOrder {
  readonly #pool: PlacementPool
  readonly #seed: Seed
  readonly #zones: readonly Zone[]
  readonly #machines: number

  constructor(map: PlacementMap, pool: PlacementPool) {
    this.#pool = pool
    this.#seed = seedOf(`pool ${pool.id}`)
    this.#zones = zonesOf(map, pool)
    this.#machines = this.#zones.reduce((sum, zone) => sum + zone.parts.length, 0)
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
    const zones = this.#ranked(this.#zones, group, count)
    const queues = zones.map(zone => this.#ranked(zone.parts, group, count))
    const disks: PlacementDisk[] = []
    // A round takes one machine of each zone.
    for (let round = 0; disks.length < count; round++) {
      for (const queue of queues) {
        const machine = queue[round]
        const disk = machine === undefined ? undefined : this.#ranked(machine.parts, group, 1)[0]
        if (disk !== undefined && disks.length < count) disks.push(disk.disk)
      }
    }
    return disks
  }

  // The `count` least, in order: few of many, so each is put where it belongs among the best so far.
  #ranked<P extends Scored>(parts: readonly P[], group: number, count: number): P[] {
    const best: P[] = []
    const scores: number[] = []
    for (const part of parts) {
      const score = scoreOf(mixed(part.seed, this.#seed, group), part.weight)
      let at = best.length
      while (at > 0 && isBefore(score, part, scores[at - 1] ?? 0, best[at - 1])) at -= 1
      if (at >= count) continue
      best.splice(at, 0, part)
      scores.splice(at, 0, score)
      if (best.length > count) {
        best.pop()
        scores.pop()
      }
    }
    return best
  }
}

// Two with the same score, which two of a million million may have, are ordered by their names.
function isBefore(score: number, part: Scored, otherScore: number, other: Scored | undefined): boolean {
  return score < otherScore || (score === otherScore && other !== undefined && part.name < other.name)
}

interface Scored {
  readonly name: string
  readonly seed: Seed
  readonly weight: number
}

interface Leaf extends Scored {
  readonly disk: PlacementDisk
}

interface Machine extends Scored {
  readonly parts: readonly Leaf[]
}

interface Zone extends Scored {
  readonly parts: readonly Machine[]
}

function zonesOf({ disks }: PlacementMap, { policy }: PlacementPool): Zone[] {
  const even = policy === 'roundRobin'
  const leaves = disks
    .filter(disk => disk.weight > 0)
    .map(disk => ({ name: disk.id, seed: seedOf(`disk ${disk.id}`), weight: disk.weight, disk }))
  const machines = grouped(leaves, leaf => leaf.disk.machine).map(([name, parts]) => ({
    name,
    seed: seedOf(`machine ${name}`),
    weight: even ? 1 : sumOf(parts),
    parts,
    zone: parts[0]?.disk.zone ?? '',
  }))
  return grouped(machines, machine => machine.zone).map(([name, parts]) => ({
    name,
    seed: seedOf(`zone ${name}`),
    weight: sumOf(parts),
    parts,
  }))
}

function grouped<T>(all: readonly T[], keyOf: (each: T) => string): [string, T[]][] {
  return [...Map.groupBy(all, keyOf)]
}

function sumOf(parts: readonly { readonly weight: number }[]): number {
  return parts.reduce((sum, part) => sum + part.weight, 0)
}
