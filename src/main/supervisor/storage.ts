import { isFault, type World, whyOf } from '#base'
import { faultHead } from '#rpc'
import { mainFault } from '../faults.ts'
import type { Report, Start } from '../messages.ts'
import type { WantedMount } from './mount-table.ts'
import type { Mounts } from './mounts.ts'
import { RestartPause } from './restart-pause.ts'
import { StorageProcess } from './storage-process.ts'

/** How storage processes are started each time. */
export type StorageOptions = Pick<Start, 'dataFolder' | 'mountsNothing' | 'peerListen' | 'isDiscoverable' | 'mesh'>

/** What the storage process may ask of its supervisor. */
export interface Requests {
  /** Both answer the real path. */
  mount(wanted: WantedMount, isMoved: boolean): Promise<string>
  unmount(path: string): Promise<string>
  down(): void
  /** Whether this machine is in a cloud of several. */
  company(isAlone: boolean): void
}

/**
 * Keeps one storage process running until disposed: one that dies is replaced and inherits the same mounts, so that
 * clients only notice a pause.
 */
export class Storage {
  readonly #options: StorageOptions
  readonly #mounts: Mounts
  readonly #requests: Requests
  readonly #world: World
  readonly #closing = new AbortController()
  #current: StorageProcess
  #replacing = false
  #restarts: Start['restarts'] = { count: 0 }
  /** Whom the process that is replaced did not hear. */
  #silent: Start['silent'] = []
  #watching: Promise<void> = Promise.resolve()

  /** Starts the first storage process and resolves when it serves. Faults: what that process named, StorageProcess. */
  static async open(options: StorageOptions, mounts: Mounts, requests: Requests, world: World): Promise<Storage> {
    const storage = new Storage(options, mounts, requests, world)
    try {
      await storage.#current.ready
    } catch (error) {
      await storage.#current.stop()
      throw error
    }
    storage.#watching = storage.#watch()
    return storage
  }

  private constructor(options: StorageOptions, mounts: Mounts, requests: Requests, world: World) {
    this.#options = options
    this.#mounts = mounts
    this.#requests = requests
    this.#world = world
    this.#current = this.#start()
  }

  /** Process id of the storage process of the moment. */
  get pid(): number | undefined {
    return this.#current.pid
  }

  /** Lets a fresh storage process take over, which inherits the mounts as they are now. */
  replace(): void {
    this.#replacing = true
    void this.#current.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#current.stop()
    await this.#watching
  }

  #start(): StorageProcess {
    const start = { ...this.#options, mounts: this.#mounts.handOut(), restarts: this.#restarts, silent: this.#silent }
    this.#silent = []
    const child: StorageProcess = new StorageProcess(start, this.#world, report => void this.#hear(child, report))
    return child
  }

  async #watch(): Promise<void> {
    const { clock, log } = this.#world
    const pause = new RestartPause(clock)
    for (;;) {
      const sinceMs = clock.monotonicMs()
      const how = await this.#current.ended
      if (this.#closing.signal.aborted) return
      if (!this.#replacing) {
        log.warn(`the storage process ended (${how}); starting it again`)
        this.#restarts = { count: this.#restarts.count + 1, last: how }
        await pause.wait(sinceMs, this.#closing.signal)
        if (this.#closing.signal.aborted) return
      }
      this.#replacing = false
      await this.#renewMounts()
      this.#current = this.#start()
      this.#current.ready.catch(error => log.warn('the storage process did not come up', { error: whyOf(error) }))
    }
  }

  async #renewMounts(): Promise<void> {
    try {
      await this.#mounts.renew()
    } catch (error) {
      if (!isFault(error)) throw error
      this.#world.log.warn('a filesystem is not mounted any more', { error: whyOf(error) })
    }
  }

  async #hear(child: StorageProcess, report: Report): Promise<void> {
    switch (report.kind) {
      case 'serving':
        return this.#mounts.agreed(report.path, report.negotiated)
      case 'down':
        return this.#requests.down()
      case 'again':
        if (child !== this.#current) return
        this.#silent = report.silent
        return this.replace()
      case 'company':
        return this.#requests.company(report.isAlone)
      case 'mount':
        return this.#answer(child, report.id, () => this.#requests.mount(report, report.isMoved))
      case 'unmount':
        return this.#answer(child, report.id, () => this.#requests.unmount(report.path))
      default:
        return
    }
  }

  async #answer(child: StorageProcess, id: number, run: () => Promise<string>): Promise<void> {
    try {
      if (this.#closing.signal.aborted) throw mainFault('Busy', 'Cairn is closing')
      child.tell({ kind: 'answer', id, path: await run() })
    } catch (error) {
      child.tell({ kind: 'answer', id, fault: faultHead(error) })
    }
  }
}
