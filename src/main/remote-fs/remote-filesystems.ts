import { orAborted, type World, whyOf } from '#base'
import type { Machines } from '#cluster'
import type { Client } from '#rpc'
import type { ChunkSource, LeftBehind, RemoteFilesystem } from '#storage/fs'
import { openRemoteFilesystem } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { OWNER } from '../paths/changes.ts'
import { type AskStandIns, RpcTransport } from './transport.ts'

/** What filesystems that live elsewhere are opened with. */
export interface RemoteFilesystemsOptions {
  readonly world: World
  readonly dataFolder: string
  readonly bootId: string
  readonly chunks: ChunkSource
  readonly machines: Machines
  /** Resolves when kernels here have been told of all changes of a filesystem made elsewhere. */
  told(filesystem: string): Promise<void>
  /** Those whose mounts outlived an earlier storage process. */
  readonly mounted?: ReadonlySet<string> | undefined
  /** What is used of them from the start. */
  readonly names: readonly string[]
  /** The machine a filesystem lives on, as it is known here; the first controller when undefined. */
  readonly homeOf?: ((filesystem: string) => string | undefined) | undefined
  /** See `FilesystemsHomes`: nothing of a mount that outlived the home here is served before it is known. */
  readonly leftBehind?: ((filesystem: string) => Promise<LeftBehind> | undefined) | undefined
  /** Asks machines that have the log of a filesystem while its home is silent. */
  readonly standIn?: AskStandIns | undefined
  /** Runs `run` when that may be another one, until disposed. */
  readonly onHomes?: ((run: () => void) => Disposable) | undefined
}

/**
 * The filesystems that this machine uses and that have their home on another one. They are opened in the background, as soon as
 * the home is reached; until then they can be waited for.
 */
export class RemoteFilesystems implements AsyncDisposable {
  readonly #options: RemoteFilesystemsOptions
  readonly #closing = new AbortController()
  readonly #opening = new Map<string, Promise<RemoteFilesystem>>()
  readonly #open = new Map<string, RemoteFilesystem>()
  readonly #transports = new Map<string, RpcTransport>()
  /** Who waits for a home, which may be another one meanwhile. */
  readonly #reaching = new Map<string, { readonly home: string; readonly stop: AbortController }>()
  readonly #listening: Disposable | undefined
  #isLeft = false

  constructor(options: RemoteFilesystemsOptions) {
    this.#options = options
    this.#listening = options.onHomes?.(() => this.#homesChanged())
    for (const name of options.names) this.#begin(name)
  }

  /** Those whose home has been reached. */
  get all(): readonly (readonly [string, RemoteFilesystem])[] {
    return [...this.#open]
  }

  /** All of them, with what the home last failed or refused to do, if it did. */
  get failures(): readonly (readonly [string, unknown])[] {
    return Array.from(this.#transports, ([name, { failure }]) => [name, failure] as const)
  }

  /** The filesystem of a name; undefined when this machine does not use it from elsewhere. Fault: HomeUnreachable. */
  get(name: string): RemoteFilesystem | undefined {
    const open = this.#open.get(name)
    if (open !== undefined || !this.#opening.has(name)) return open
    throw mainFault('HomeUnreachable', `the home of ${name} has not been reached yet`, {
      hint: 'Look at `cairn node ls`: the machine it lives on is off, or no way leads there.',
    })
  }

  /** The filesystem, once its home is reached; undefined as for {@link get}. */
  opening(name: string): Promise<RemoteFilesystem> | undefined {
    return this.#opening.get(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#listening?.[Symbol.dispose]()
    await Promise.allSettled(this.#opening.values())
    const closed = await Promise.allSettled(
      Array.from(this.#open.values(), each => (this.#isLeft ? each.abandon() : each[Symbol.asyncDispose]())),
    )
    for (const each of closed) {
      if (each.status === 'rejected') this.#warn('a filesystem could not be closed', each.reason)
    }
  }

  /** Another process of this machine goes on with them at once: nothing is brought to their homes any more. */
  leave(): void {
    this.#isLeft = true
  }

  // The home may be another one at each call.
  async #reachHome(name: string, signal: AbortSignal): Promise<Client> {
    const { machines } = this.#options
    const home = this.#homeOf(name)
    if (home === undefined || home === machines.own) {
      throw mainFault('HomeUnreachable', `no other machine is known to have the filesystem ${name}`)
    }
    const there = machines.client(home)
    if (there !== undefined) return there
    if (this.#reaching.get(name)?.home !== home) this.#reaching.set(name, { home, stop: new AbortController() })
    const { stop } = this.#reaching.get(name) ?? {}
    return machines.connect(home, stop === undefined ? signal : AbortSignal.any([signal, stop.signal]))
  }

  #homeOf(name: string): string | undefined {
    const { machines, homeOf } = this.#options
    return homeOf === undefined ? homeMachine(machines) : homeOf(name)
  }

  // A machine that is off keeps whoever dials it waiting: nobody waits for one that is the home no longer.
  #homesChanged(): void {
    for (const [name, { home, stop }] of this.#reaching) {
      if (this.#homeOf(name) === home) continue
      this.#reaching.delete(name)
      stop.abort(mainFault('HomeUnreachable', `${home} is the home of ${name} no longer`))
    }
  }

  #begin(name: string): void {
    const opened = this.#openOne(name)
    opened.catch(() => undefined)
    this.#opening.set(name, opened)
  }

  async #openOne(name: string): Promise<RemoteFilesystem> {
    const { world, dataFolder, bootId, chunks, mounted } = this.#options
    const isMounted = mounted?.has(name) === true
    const told = () => this.#options.told(name)
    const { signal } = this.#closing
    const transport = new RpcTransport(name, reaching => this.#reachHome(name, reaching), this.#options.standIn)
    this.#transports.set(name, transport)
    const folder = `${dataFolder}/remote/${name}`
    const left = isMounted ? this.#options.leftBehind?.(name) : undefined
    const leftBehind = left && (await orAborted(left, signal))
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      signal.throwIfAborted()
      try {
        const self = OWNER.uid === 0 ? undefined : OWNER
        const common = { world, folder, name, transport, chunks, bootId, self, told, isMounted, leftBehind, signal }
        const opened = await openRemoteFilesystem(common)
        this.#open.set(name, opened)
        return opened
      } catch (error) {
        if (!signal.aborted) this.#warn(`the filesystem ${name} cannot be used now; it is tried again`, error)
        await world.clock.sleep(waitMs, signal)
      }
    }
  }

  #warn(message: string, error: unknown): void {
    this.#options.world.log.warn(message, { error: whyOf(error) })
  }
}

/** Which machine filesystems live on: the first controller; undefined on that machine, and on one that is alone. */
export function homeMachine({ map, own }: Pick<Machines, 'map' | 'own'>): string | undefined {
  if (!map.isShared) return undefined
  const first = map.machines.find(({ role }) => role === 'controller')
  return first === undefined || first.name === own ? undefined : first.name
}

const RETRY_MS = 2_000
const RETRY_MAX_MS = 30_000
