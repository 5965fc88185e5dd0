import type { Digest } from '#base'
import { groupOf, PlacementOrder } from '#storage/placement'
import { DISK_GROUPS } from './limits.ts'

/** What a disk takes its part of a machine's chunks by. */
export interface Weighed {
  readonly id: string
  /** Its share against the others: an integer, such as the MiB it offers. */
  readonly weight: number
}

/**
 * In which order the disks of one machine come for a chunk: by the same rendezvous as the map orders them, so that a disk that
 * comes takes from the others only what it gets, and one that goes leaves to them only what it had. What is full or was moved lies
 * elsewhere, so this says where to look first, never where a chunk is.
 */
export class DiskOrder<Disk extends Weighed> {
  readonly #disks: ReadonlyMap<string, Disk>
  readonly #order: PlacementOrder
  readonly #known: (readonly Disk[] | undefined)[] = []

  constructor(disks: readonly Disk[]) {
    this.#disks = new Map(disks.map(disk => [disk.id, disk]))
    // Each as if it were a machine: then all of them are ordered, not only the best of each machine.
    const placed = disks.map(({ id, weight }) => ({ id, machine: id, zone: '', weight: Math.max(weight, 1) }))
    const map = { version: 0, groups: DISK_GROUPS, disks: placed }
    this.#order = new PlacementOrder(map, { id: POOL, replicas: 1, policy: 'weighted' })
  }

  /** All disks, the nearest first. */
  of(digest: Digest): readonly Disk[] {
    const group = groupOf(digest, DISK_GROUPS)
    const known = this.#known[group]
    if (known !== undefined) return known
    const order = this.#order.all(group).flatMap(({ id }) => this.#disks.get(id) ?? [])
    this.#known[group] = order
    return order
  }
}

// One store serves all pools of its machine; the pool that filesystems name is as good as any.
const POOL = 'default'
