import { byteStringOfText, type World, whyOf } from '#base'
import { mapBytes, type NodeMap, readMap } from '#cluster'
import type { KeptMap } from '#controllers'
import type { Keyspace, KeyValue, Revision } from '#keyspace'
import { POLICY_RETRY_MS } from '../../limits.ts'

/** `/cluster/map` -> the map of the cloud's machines, as JSON. */
const KEY = byteStringOfText('/cluster/map')

/** The map of machines in the keyspace, which all controllers share. */
export class StoredMap implements AsyncDisposable {
  readonly #keyspace: Keyspace
  readonly #world: Pick<World, 'clock' | 'log'>
  readonly #closing = new AbortController()
  readonly #listeners = new Set<() => void>()
  #current: KeptMap = NONE
  #following: Promise<void> = Promise.resolve()

  /** Resolves when the map that is there is known. Faults: BadMap, those of the keyspace. */
  static async open(keyspace: Keyspace, world: Pick<World, 'clock' | 'log'>, signal: AbortSignal): Promise<StoredMap> {
    const stored = new StoredMap(keyspace, world)
    stored.#current = await stored.read(signal)
    stored.#following = stored.#follow()
    return stored
  }

  private constructor(keyspace: Keyspace, world: Pick<World, 'clock' | 'log'>) {
    this.#keyspace = keyspace
    this.#world = world
  }

  /** The map as it was heard or written here last. */
  get current(): NodeMap | undefined {
    return this.#current.map
  }

  /** Runs `run` after each change of {@link current}, until disposed. */
  onChange(run: () => void): Disposable {
    const listener = () => run()
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** The map as it is, and the revision that made it. Faults: BadMap, those of the keyspace. */
  async read(signal: AbortSignal): Promise<KeptMap> {
    const { entries } = await this.#keyspace.range({ keys: { kind: 'key', key: KEY } }, signal)
    return keptIn(entries[0])
  }

  /** Stores a map, durably, unless it was changed since `revision`: then answers false. */
  async write(map: NodeMap, revision: number, signal: AbortSignal): Promise<boolean> {
    const compare = [{ key: KEY, field: 'modRevision', is: 'equal', to: revision }] as const
    const put = { kind: 'put', key: KEY, value: mapBytes(map) } as const
    const result = await this.#keyspace.txn({ compare, then: [put] }, signal)
    if (!result.succeeded) return false
    await this.#keyspace.sync(result.revision, signal)
    this.#take({ map, revision: result.revision })
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#followOnce(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#world.log.warn('the map of machines is read again', { why: whyOf(error) })
        await this.#world.clock.sleep(POLICY_RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  async #followOnce(signal: AbortSignal): Promise<void> {
    const keys = { kind: 'key', key: KEY } as const
    const { entries, revision } = await this.#keyspace.range({ keys }, signal)
    this.#take(keptIn(entries[0]))
    const from = (revision + 1) as Revision
    for await (const { events } of this.#keyspace.watch({ keys, from }, signal)) {
      for (const event of events) if (event.kind === 'put') this.#take(keptIn(event.entry))
    }
  }

  // What was written here is known before the keyspace tells of it.
  #take(kept: KeptMap): void {
    if (kept.revision <= this.#current.revision) return
    this.#current = kept
    for (const run of this.#listeners) run()
  }
}

const NONE: KeptMap = { map: undefined, revision: 0 }

function keptIn(entry: KeyValue | undefined): KeptMap {
  return entry === undefined ? NONE : { map: readMap(entry.value), revision: entry.modRevision }
}
