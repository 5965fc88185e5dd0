import { type World, whyOf } from '#base'
import { message } from '#rpc'
import { MAP_AGAIN_MS } from '../limits.ts'
import { readMap } from '../map-bytes.ts'
import type { MapStore } from '../map-store.ts'
import { clusterMap } from '../methods/beat.ts'
import type { MachineConnection } from './machine-connection.ts'
import { Trouble } from './trouble.ts'

/** Fetches newer maps of controllers, one at a time; one that cannot be taken is asked for again after a while. */
export class MapFetch {
  readonly #world: Pick<World, 'clock' | 'log'>
  readonly #maps: MapStore
  readonly #trouble: Trouble
  #fetching: Promise<void> | undefined
  #failedMs: number | undefined

  constructor(world: Pick<World, 'clock' | 'log'>, maps: MapStore) {
    this.#world = world
    this.#maps = maps
    this.#trouble = new Trouble(world, { bad: 'the map cannot be taken', over: 'the map is taken again' })
  }

  /** Another machine has this version of the map. Only a controller is believed what the map is. */
  newer(version: number, from: MachineConnection | undefined, signal: AbortSignal): void {
    const nowMs = this.#world.clock.monotonicMs()
    const isTooSoon = this.#failedMs !== undefined && nowMs - this.#failedMs < MAP_AGAIN_MS
    if (from?.wire.subject.isController !== true || this.#fetching !== undefined || isTooSoon) return
    if (version <= this.#maps.map.version) return
    this.#fetching = this.#fetch(from, signal).finally(() => {
      this.#fetching = undefined
    })
  }

  /** Resolves when none is being fetched. */
  async ended(): Promise<void> {
    await this.#fetching
  }

  async #fetch({ client, wire }: MachineConnection, signal: AbortSignal): Promise<void> {
    try {
      const { body } = await client.exchange(clusterMap, message(undefined), signal)
      await this.#maps.take(readMap(body))
      this.#failedMs = undefined
      this.#trouble.good()
    } catch (error) {
      if (signal.aborted) return
      this.#failedMs = this.#world.clock.monotonicMs()
      this.#trouble.bad({ from: wire.subject.name, why: whyOf(error) })
    }
  }
}
