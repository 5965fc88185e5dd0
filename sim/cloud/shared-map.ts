import { Fault, type World } from '#base'
import type { NodeMap } from '#cluster'
import type { JsonObject, KubeObject } from '#schema'
import type { SimNetwork } from '../pool/network.ts'
import type { Random } from '../random.ts'

/** Where the controllers of a cloud keep what they share. */
export interface SharedParts {
  readonly network: SimNetwork
  readonly random: Random
  /** The names of all controllers, and of those that run. */
  all(): readonly string[]
  running(): readonly string[]
}

/**
 * What controllers share: the map, and the lease of who leads. With one of them it is a keyspace of its own; with three an etcd, which
 * answers those who reach most of it. An answer may get lost when all was done.
 */
export class SharedMap {
  map: NodeMap | undefined
  revision = 0
  #lease: KubeObject | undefined
  #leases = 0
  readonly #parts: SharedParts

  constructor(parts: SharedParts) {
    this.#parts = parts
  }

  /** Runs one step for a controller, in one moment. Faults: Unreachable, also when it was done. */
  async ask<Value>(controller: string, { clock }: Pick<World, 'clock'>, step: () => Value): Promise<Value> {
    const { random } = this.#parts
    await clock.sleep(random.fraction() * TRAVEL_MS, NEVER)
    await this.#reach(controller, clock)
    const value = step()
    await clock.sleep(random.fraction() * TRAVEL_MS, NEVER)
    await this.#reach(controller, clock)
    return value
  }

  /** Keeps a map unless another was kept since. */
  write(map: NodeMap, revision: number): boolean {
    if (revision !== this.revision) return false
    this.map = map
    this.revision += 1
    return true
  }

  get lease(): KubeObject | undefined {
    return this.#lease
  }

  /** Writes the lease unless somebody else has since `version`; undefined: it is made. Faults: Conflict. */
  writeLease(object: JsonObject, version: string | undefined): KubeObject {
    if (version !== this.#lease?.metadata.resourceVersion) {
      throw new Fault('Conflict', { status: 409, retry: 'reread' }, 'somebody was faster')
    }
    const metadata = { name: 'lease', uid: 'lease', creationTimestamp: '', resourceVersion: String(++this.#leases) }
    this.#lease = { ...object, apiVersion: 'v1', kind: 'Lease', metadata }
    return this.#lease
  }

  async #reach(controller: string, clock: World['clock']): Promise<void> {
    const { network } = this.#parts
    const isWith = (other: string) => !network.isCut(controller, other) && !network.isCut(other, controller)
    const reached = this.#parts.running().filter(other => other === controller || isWith(other))
    if (reached.includes(controller) && reached.length > this.#parts.all().length / 2) return
    await clock.sleep(LATE_MS, NEVER)
    throw new Fault('Unreachable', { status: 503, retry: 'later' }, 'the keyspace does not answer')
  }
}

const TRAVEL_MS = 5
const LATE_MS = 1_000
const NEVER = new AbortController().signal
