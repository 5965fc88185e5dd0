import type { World } from '#base'
import {
  CONNECTIONS_PER_MACHINE,
  DIAL_LATER_MS,
  DIRECT_AGAIN_MS,
  DIRECT_AGAIN_MS_MAX,
  LINK_WELL_MS,
} from '../limits.ts'
import { dialFirst } from './dial-first.ts'
import { bestOf, type MachineConnection } from './machine-connection.ts'
import { Pauses } from './pauses.ts'

/** What a link works with. */
export interface LinkTools {
  readonly world: Pick<World, 'clock' | 'entropy' | 'log'>
  readonly own: () => string
  /** Where the machine is said to be now. */
  readonly addresses: (name: string) => readonly string[]
  /** How many milliseconds later than the others one of these is dialled. */
  readonly laterMs: (name: string, address: string) => number
  /** Opens a connection to it; it is not in the link yet. */
  readonly dial: (name: string, address: string, signal: AbortSignal) => Promise<MachineConnection>
}

/** All connections between this machine and one other, and the making of new ones. */
export class Link {
  readonly name: string
  readonly #tools: LinkTools
  readonly #pauses: Pauses
  #connections: readonly MachineConnection[] = []
  #attempt: Promise<MachineConnection> | undefined
  #arrival = Promise.withResolvers<MachineConnection>()
  #keeping: AbortController | undefined

  constructor(name: string, tools: LinkTools) {
    this.name = name
    this.#tools = tools
    this.#pauses = new Pauses(tools.world)
  }

  get connections(): readonly MachineConnection[] {
    return this.#connections
  }

  /** The connection to use now. */
  get best(): MachineConnection | undefined {
    return bestOf(
      this.#connections.filter(connection => connection.isOpen),
      this.#tools.own(),
    )
  }

  /** True when nothing is left of it. */
  get isOver(): boolean {
    return this.#connections.length === 0 && this.#keeping === undefined && this.#attempt === undefined
  }

  /** Takes a connection until it ends; of too many the oldest goes. */
  add(connection: MachineConnection): void {
    this.#connections = [...this.#connections, connection]
    if (this.#connections.length > CONNECTIONS_PER_MACHINE) this.#connections[0]?.cut()
    void connection.done.then(() => {
      this.#connections = this.#connections.filter(each => each !== connection)
    })
    this.#arrival.resolve(connection)
    this.#arrival = Promise.withResolvers()
  }

  /** Keeps a connection from now on, or no longer. */
  set isWanted(isWanted: boolean) {
    if (isWanted === (this.#keeping !== undefined)) return
    this.#keeping?.abort()
    this.#keeping = isWanted ? new AbortController() : undefined
    if (this.#keeping !== undefined) void this.#keep(this.#keeping.signal)
  }

  /** Tries again now: something has changed. */
  wake(): void {
    this.#pauses.reset()
  }

  /** Waits for a connection, made by whichever side is first; dials now. Faults: NoPath. */
  arrive(): Promise<MachineConnection> {
    const { best } = this
    if (best !== undefined) return Promise.resolve(best)
    return Promise.race([this.#dial(), this.#arrival.promise])
  }

  // One attempt at a time, whoever wants it.
  #dial(isWanted?: (address: string) => boolean): Promise<MachineConnection> {
    this.#attempt ??= this.#dialOnce(isWanted).finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  async #dialOnce(isWanted = (_address: string): boolean => true): Promise<MachineConnection> {
    const { world, addresses, laterMs, dial } = this.#tools
    const stop = new AbortController()
    const tools = {
      clock: world.clock,
      laterMs: (at: string) => laterMs(this.name, at),
      dial: (at: string, signal: AbortSignal) => dial(this.name, at, signal),
    }
    const connection = await dialFirst(addresses(this.name).filter(isWanted), tools, stop.signal)
    this.add(connection)
    return connection
  }

  // Whoever did not answer at its own addresses at first, as while it started, may do so by now.
  async #seekDirect(connection: MachineConnection, signal: AbortSignal): Promise<void> {
    const { addresses, laterMs, world } = this.#tools
    const isDirect = (address: string) => laterMs(this.name, address) === 0
    const over = new AbortController()
    void connection.done.then(() => over.abort())
    const both = AbortSignal.any([signal, over.signal])
    for (let pauseMs = DIRECT_AGAIN_MS; ; pauseMs = Math.min(2 * pauseMs, DIRECT_AGAIN_MS_MAX)) {
      await world.clock.sleep(pauseMs, both).catch(() => undefined)
      if (both.aborted || this.best !== connection) return
      if (addresses(this.name).some(isDirect)) await this.#dial(isDirect).catch(() => undefined)
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { clock } = this.#tools.world
    try {
      // Both ends want the connection: one begins.
      if (this.#tools.own() > this.name) await clock.sleep(DIAL_LATER_MS, signal)
      while (!signal.aborted) {
        const connection = this.best ?? (await this.#dial().catch(() => undefined))
        if (connection !== undefined) {
          if (connection.wire.isOverMesh) void this.#seekDirect(connection, signal)
          await untilDone(connection, signal)
          if (clock.monotonicMs() - connection.openedMs >= LINK_WELL_MS) this.#pauses.reset()
          if (this.best !== undefined) continue
        }
        await this.#pauses.wait(signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

async function untilDone(connection: MachineConnection, signal: AbortSignal): Promise<void> {
  const stopped = Promise.withResolvers<void>()
  const stop = () => stopped.resolve()
  signal.addEventListener('abort', stop, { once: true })
  await Promise.race([connection.done, stopped.promise])
  signal.removeEventListener('abort', stop)
}
