import type { MachineState, NodeMap } from '#cluster'
import type { Random } from '../random.ts'
import type { PoolMachine } from './machine.ts'
import type { SimNetwork } from './network.ts'

const SUSPECT_MS = 6_000
const OFFLINE_MS = 20_000
const HEARD_MS_MAX = 3_000

/** Where the map comes from: hears who is up, as heartbeats would, and tells everybody, each a little later. */
export class Controller {
  readonly #random: Random
  readonly #network: SimNetwork
  readonly #at: (delayMs: number, run: () => void) => void
  readonly #heardMs = new Map<string, number>()
  readonly #draining = new Set<string>()
  #map: NodeMap

  constructor(parts: {
    readonly random: Random
    readonly network: SimNetwork
    readonly replicas: number
    /** Runs something later. */
    readonly at: (delayMs: number, run: () => void) => void
  }) {
    this.#random = parts.random
    this.#network = parts.network
    this.#at = parts.at
    const pools: NodeMap['pools'] = [{ id: 'default', replicas: parts.replicas, policy: 'weighted' }]
    const empty = {
      version: 1,
      cloud: 'sim',
      level: 1,
      groups: 16,
      machines: [],
      pools,
      filesystems: [],
      revoked: [],
      isShared: true,
    }
    this.#map = empty
  }

  get map(): NodeMap {
    return this.#map
  }

  /** Adds a machine to the map. */
  admit(name: string, nowMs: number, capacityMiB: number): void {
    const disk = { id: `disk-${name}`, capacityMiB, quarters: 4, takes: 'groups' } as const
    const machine = { name, role: 'node', zone: '', addresses: [], state: 'Online', disks: [disk] } as const
    this.#heardMs.set(name, nowMs)
    this.#change([...this.#map.machines, machine])
  }

  drain(name: string): void {
    this.#draining.add(name)
  }

  remove(name: string): void {
    this.#heardMs.delete(name)
    this.#draining.delete(name)
    this.#change(this.#map.machines.filter(machine => machine.name !== name))
  }

  /** Hears every machine that is up and not cut off, and makes another map when a state has changed. */
  look(machines: readonly PoolMachine[], nowMs: number): void {
    for (const { own, isUp } of machines) {
      if (isUp && this.#heardMs.has(own) && !this.#network.isCut(own, CONTROLLER)) this.#heardMs.set(own, nowMs)
    }
    const now = this.#map.machines.map(machine => ({ ...machine, state: this.#stateOf(machine.name, nowMs) }))
    if (now.some(({ state }, i) => state !== this.#map.machines[i]?.state)) this.#change(now)
    for (const machine of machines) {
      const isTold =
        !machine.isUp || machine.map.version === this.#map.version || this.#network.isCut(CONTROLLER, machine.own)
      const map = this.#map
      if (!isTold) this.#at(this.#random.fraction() * HEARD_MS_MAX, () => machine.hear(map))
    }
  }

  #stateOf(name: string, nowMs: number): MachineState {
    const agoMs = nowMs - (this.#heardMs.get(name) ?? 0)
    if (agoMs >= OFFLINE_MS) return 'Offline'
    if (agoMs >= SUSPECT_MS) return 'Suspect'
    return this.#draining.has(name) ? 'Draining' : 'Online'
  }

  #change(machines: NodeMap['machines']): void {
    this.#map = { ...this.#map, version: this.#map.version + 1, machines }
  }
}

/** As the network knows it. */
export const CONTROLLER = 'controller'
