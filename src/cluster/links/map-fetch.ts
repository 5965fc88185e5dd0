import { isFault, type World, whyOf } from '#base'
import { type Client, message } from '#rpc'
import { MAP_AGAIN_MS } from '../limits.ts'
import { readMap } from '../map-bytes.ts'
import { changedMap, readChange } from '../map-change.ts'
import type { MapStore } from '../map-store.ts'
import { clusterMap } from '../methods/beat.ts'
import type { NodeMap } from '../node-map.ts'
import type { Wire } from './machine-connection.ts'
import { Trouble } from './trouble.ts'

/**
 * Fetches newer maps of controllers, one at a time: what changed since the one that is here, or all of it. One that cannot be taken is
 * asked for again after a while.
 */
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
  newer(version: number, from: MapSource | undefined, signal: AbortSignal): void {
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

  async #fetch({ client, wire }: MapSource, signal: AbortSignal): Promise<void> {
    try {
      await this.#maps.take((await this.#changed(client, signal)) ?? (await wholeMap(client, signal)))
      this.#failedMs = undefined
      this.#trouble.good()
    } catch (error) {
      if (signal.aborted) return
      this.#failedMs = this.#world.clock.monotonicMs()
      this.#trouble.bad({ from: wire.subject.name, why: whyOf(error) })
    }
  }
  // A change that leads elsewhere than it says is worth nothing: undefined.
  async #changed(client: Client, signal: AbortSignal): Promise<NodeMap | undefined> {
    const { map } = this.#maps
    if (!map.isShared) return undefined
    const { head, body } = await client.exchange(clusterMap, message({ since: map.version }), signal)
    if (head?.since === undefined) return readMap(body)
    try {
      return changedMap(map, readChange(body))
    } catch (error) {
      if (!isFault(error, 'BadMap')) throw error
      return undefined
    }
  }
}

/** What of a connection maps are fetched over. */
interface MapSource {
  readonly client: Client
  readonly wire: Pick<Wire, 'subject'>
}

async function wholeMap(client: Client, signal: AbortSignal): Promise<NodeMap> {
  return readMap((await client.exchange(clusterMap, message(undefined), signal)).body)
}
