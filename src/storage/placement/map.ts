import { assert, type Digest } from '#base'
import { GROUPS_LARGE, GROUPS_SMALL, MACHINES_OF_SMALL_MAX } from './limits.ts'

/** A disk that may hold copies. */
export interface PlacementDisk {
  readonly id: string
  /** The machine it is in. Copies of a chunk lie on different machines. */
  readonly machine: string
  /** Where the machine stands: what burns down together. */
  readonly zone: string
  /** Its share against others: an integer, such as the MiB it offers times its class. 0 takes nothing. */
  readonly weight: number
}

/** What placement is computed from. Every machine of a cloud has the same one, or an older or newer. */
export interface PlacementMap {
  /** Counts changes. */
  readonly version: number
  /** How many groups chunks fall into: a power of two, at most 65,536. */
  readonly groups: number
  readonly disks: readonly PlacementDisk[]
}

/**
 * How a pool's copies are laid out: `weighted` by what disks offer, `roundRobin` as much on each machine, `all` a copy on
 * every machine.
 */
export type PlacementPolicy = 'weighted' | 'roundRobin' | 'all'

/** What placement has to know of a pool. */
export interface PlacementPool {
  readonly id: string
  /** Copies wanted. */
  readonly replicas: number
  readonly policy: PlacementPolicy
}

/** The group of a chunk: the first bits of its digest, so that each group splits into whole ones when there are more. */
export function groupOf(digest: Digest, groups: number): number {
  assert(groups >= 1 && groups <= GROUPS_LARGE && Number.isInteger(Math.log2(groups)), 'groups are a power of two')
  const first = (digest.charCodeAt(0) << 8) | digest.charCodeAt(1)
  return first >> (16 - Math.log2(groups))
}

/** How many groups a cloud of so many machines has. */
export function groupsFor(machines: number): number {
  return machines <= MACHINES_OF_SMALL_MAX ? GROUPS_SMALL : GROUPS_LARGE
}
