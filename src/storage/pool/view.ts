import { createHash } from 'node:crypto'
import type { Digest } from '#base'
import type { MapMachine, MapPool, NodeMap } from '#cluster'
import { groupOf, type PlacementDisk, PlacementOrder } from '#storage/placement'

/**
 * One map as a pool sees it: who shall hold what, and how many copies there must be. Two machines with the same `name` of
 * their views agree on all of it.
 */
export class PoolView {
  readonly own: string
  readonly map: NodeMap
  readonly groups: number
  readonly lost: ReadonlySet<string>
  /** Of the map's version and the machines that count as lost. */
  readonly name: string
  readonly #pool: MapPool
  readonly #order: PlacementOrder
  readonly #machines: ReadonlyMap<string, MapMachine>
  readonly #placed: ReadonlySet<string>
  readonly #wanted = new Map<number, readonly string[]>()

  /** `lost` are machines that have been Offline for so long that their copies are made elsewhere. */
  constructor(own: string, map: NodeMap, poolId: string, lost: ReadonlySet<string>) {
    this.own = own
    this.map = map
    this.groups = map.groups
    this.lost = lost
    this.name = `${map.version}.${createHash('sha256')
      .update([...lost].sort().join())
      .digest('hex')
      .slice(0, 16)}`
    this.#pool = map.pools.find(pool => pool.id === poolId) ?? { id: poolId, policy: 'weighted' }
    this.#machines = new Map(map.machines.map(machine => [machine.name, machine]))
    const disks = disksOf(map.machines.filter(({ name, state }) => state !== 'Draining' && !lost.has(name)))
    this.#placed = new Set(disks.map(disk => disk.machine))
    const { id, policy } = this.#pool
    this.#order = new PlacementOrder(
      { version: map.version, groups: map.groups, disks },
      { id, policy, replicas: this.replicas },
    )
  }

  /** True while no other machine has part in it. */
  get isAlone(): boolean {
    return this.map.machines.every(({ name }) => name === this.own)
  }

  /** Copies the pool wants of everything, if there were machines enough. */
  get replicas(): number {
    const { replicas, policy } = this.#pool
    if (policy === 'all') return Math.max(this.#placed.size, 1)
    return replicas ?? (this.map.machines.length > 1 ? 2 : 1)
  }

  /** Copies without which nothing is acknowledged. */
  get minReplicas(): number {
    return Math.min(this.#pool.minReplicas ?? (this.map.machines.length > 2 ? 2 : 1), this.replicas)
  }

  /** Why nothing is acknowledged now; undefined while enough machines are Online. */
  get shortfall(): string | undefined {
    const { minReplicas, onlineCount } = this
    if (onlineCount >= minReplicas) return undefined
    const online = onlineCount === 1 ? '1 machine that keeps them is' : `${onlineCount} machines that keep them are`
    return `${minReplicas} copies are needed and ${online} Online`
  }

  /** Copies that must be durable now: as many as wanted, but for machines that are not Online; never fewer than the least. */
  get copiesNow(): number {
    return Math.max(Math.min(this.replicas, this.onlineCount), this.minReplicas)
  }

  /** Machines that keep copies and can be reached. */
  get onlineCount(): number {
    let online = 0
    for (const name of this.#placed) if (this.isOnline(name)) online++
    return online
  }

  /** Copies that everything shall have now: fewer than {@link replicas} where there are fewer machines. */
  get wantedCopies(): number {
    return Math.max(Math.min(this.replicas, this.#placed.size), 1)
  }

  /** Bytes that each machine offers on which copies may lie. */
  get offers(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#placed].map(name => {
        const disks = this.#machines.get(name)?.disks ?? []
        return [name, disks.reduce((sum, { capacityMiB }) => sum + capacityMiB, 0) * MIB]
      }),
    )
  }

  /** The machines that shall hold a group, best first. */
  wanted(group: number): readonly string[] {
    const known = this.#wanted.get(group)
    if (known !== undefined) return known
    const wanted = namesOf(this.#order.wanted(group), this.own)
    this.#wanted.set(group, wanted)
    return wanted
  }

  /** All machines for a group, best first: who takes over where a wanted one fails. */
  order(group: number): readonly string[] {
    return namesOf(this.#order.all(group), this.own)
  }

  isWanted(name: string, group: number): boolean {
    return this.wanted(group).includes(name)
  }

  /** True when a machine that shall hold the group is Offline: until it is not, or no longer shall, nothing can be put right. */
  isAway(group: number): boolean {
    return this.wanted(group).some(name => this.stateOf(name) === 'Offline')
  }

  groupOf(digest: Digest): number {
    return groupOf(digest, this.groups)
  }

  stateOf(name: string): MapMachine['state'] | undefined {
    return this.#machines.get(name)?.state
  }

  /** True for this machine, and for those that the map has neither Suspect nor Offline. */
  isOnline(name: string): boolean {
    const state = this.stateOf(name)
    return name === this.own || state === 'Online' || state === 'Draining'
  }

  /** The other machines, whether they shall hold anything or not. */
  get others(): readonly string[] {
    return this.map.machines.map(machine => machine.name).filter(name => name !== this.own)
  }
}

const MIB = 1024 * 1024

// While no machine may take anything, what is here stays here.
function namesOf(disks: readonly PlacementDisk[], own: string): readonly string[] {
  return disks.length > 0 ? disks.map(disk => disk.machine) : [own]
}

function disksOf(machines: readonly MapMachine[]): PlacementDisk[] {
  return machines.flatMap(({ name, zone, disks }) =>
    disks.map(({ id, capacityMiB, quarters }) => ({ id, machine: name, zone, weight: capacityMiB * quarters })),
  )
}
