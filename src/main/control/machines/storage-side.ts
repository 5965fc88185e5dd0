import { isFault, type World } from '#base'
import {
  askNodes,
  clusterLeading,
  clusterSetMap,
  clusterWatch,
  type HeardMachine,
  mapBytes,
  SUSPECT_MS,
} from '#cluster'
import type { Client } from '#rpc'
import { LEADING_COUNTS_MS, STORAGE_AGAIN_MS } from '../../limits.ts'
import type { DoorCall } from '../storage-door.ts'
import type { StoredMap } from './stored-map.ts'

/**
 * What the storage process of this machine hears of machines, and the map that it is handed: over one connection, which is
 * made anew whenever that process is.
 */
export class StorageSide implements AsyncDisposable {
  readonly heard = new Map<string, HeardMachine>()
  readonly #call: DoorCall
  readonly #stored: StoredMap
  readonly #world: Pick<World, 'clock' | 'log'>
  /** When each was told of. */
  readonly #toldMs = new Map<string, number>()
  readonly #closing = new AbortController()
  readonly #listeners = new Set<(names: readonly string[]) => void>()
  readonly #ended: Promise<void>
  #versionThere = 0
  /** The storage process, while it tells. */
  #client: Client | undefined

  constructor(parts: {
    readonly call: DoorCall
    readonly stored: StoredMap
    readonly world: Pick<World, 'clock' | 'log'>
  }) {
    this.#call = parts.call
    this.#stored = parts.stored
    this.#world = parts.world
    this.#ended = this.#follow(this.#closing.signal)
  }

  /** The newest map that the storage process was seen to have. */
  get versionThere(): number {
    return this.#versionThere
  }

  /**
   * Milliseconds for which a machine has not been heard, at least: what storage said, and how long ago. 0 while it is heard;
   * undefined while storage does not tell.
   */
  silentMs(name: string): number | undefined {
    const heard = this.heard.get(name)
    const toldMs = this.#toldMs.get(name)
    if (this.#client === undefined || heard === undefined || toldMs === undefined) return undefined
    if (heard.state === 'Online' || heard.state === 'Draining') return 0
    return (heard.agoMs ?? SUSPECT_MS) + this.#world.clock.monotonicMs() - toldMs
  }

  /** Tells storage that the controllers of this process lead, as was confirmed then; machines hear it for a moment. */
  leads(sentMs: number): void {
    const { signal } = this.#closing
    const { clock } = this.#world
    const forMs = Math.floor(sentMs + LEADING_COUNTS_MS - clock.monotonicMs())
    if (forMs <= 0) return
    const saidMs = Number(clock.wallNs() / 1_000_000n)
    this.#client?.call(clusterLeading, { forMs, saidMs }, signal).catch((error: unknown) => {
      if (!isFault(error) && !signal.aborted) throw error
    })
  }

  /** Runs `run` with the names of whom something new was heard, until disposed. */
  onHeard(run: (names: readonly string[]) => void): Disposable {
    const listener = (names: readonly string[]) => run(names)
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#ended
  }

  // Storage comes and goes by itself, as it does for each mount: nobody is told.
  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#call(signal, client => this.#converse(client, signal))
      } catch (error) {
        if (!signal.aborted && !isFault(error)) throw error
      }
      await this.#world.clock.sleep(STORAGE_AGAIN_MS, signal).catch(() => undefined)
    }
  }

  async #converse(client: Client, signal: AbortSignal): Promise<void> {
    using ending = new Ending(signal)
    const handed = this.#handOver(client, ending.signal)
    try {
      for await (const { head } of client.download(clusterWatch, undefined, ending.signal)) {
        this.#client = client
        const nowMs = this.#world.clock.monotonicMs()
        for (const machine of head.machines) {
          this.heard.set(machine.name, machine)
          this.#toldMs.set(machine.name, nowMs)
        }
        this.#tell(head.machines.map(({ name }) => name))
      }
    } finally {
      this.#client = undefined
      this.#toldMs.clear() // a new process begins to listen anew
      ending[Symbol.dispose]()
      await handed
    }
  }

  // Hands over the map now, and whenever there is another.
  async #handOver(client: Client, signal: AbortSignal): Promise<void> {
    let changed = Promise.withResolvers<void>()
    using _listening = this.#stored.onChange(() => changed.resolve())
    signal.addEventListener('abort', () => changed.resolve(), { once: true })
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>()
      const isTaken = await this.#handOne(client, signal).catch((error: unknown) => {
        if (!signal.aborted && !isFault(error)) throw error
        return false
      })
      if (signal.aborted) return
      if (isTaken) await changed.promise
      else await this.#world.clock.sleep(STORAGE_AGAIN_MS, signal).catch(() => undefined)
    }
  }

  async #handOne(client: Client, signal: AbortSignal): Promise<boolean> {
    const map = this.#stored.current
    if (map === undefined) return true
    try {
      await client.exchange(clusterSetMap, { head: undefined, body: mapBytes(map) }, signal)
      return true
    } catch (error) {
      if (!isFault(error, 'StaleMap')) throw error
    }
    // The keyspace was brought back from a backup, say: the next map is above what machines have.
    const { mapVersion } = await askNodes(client, signal)
    if (mapVersion > Math.max(map.version, this.#versionThere)) {
      this.#versionThere = mapVersion
      this.#tell([])
    }
    return false
  }

  #tell(names: readonly string[]): void {
    for (const run of this.#listeners) run(names)
  }
}

/** A signal that aborts with another, or when disposed. */
class Ending implements Disposable {
  readonly #controller = new AbortController()
  readonly #from: AbortSignal
  readonly #abort = (): void => this.#controller.abort()

  constructor(from: AbortSignal) {
    this.#from = from
    if (from.aborted) this.#abort()
    from.addEventListener('abort', this.#abort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    this.#from.removeEventListener('abort', this.#abort)
    this.#abort()
  }
}
