import dgram from 'node:dgram'
import os from 'node:os'
import { type Clock, isSystemError, type Log } from '#base'
import { DISCOVERY_ANSWERS_MAX } from '../limits.ts'
import { type Announced, discoveryAnswer, discoveryNetworks, MULTICAST, networkWith } from './service.ts'

/** What a controller is found with. */
export interface AnnouncerParts {
  readonly clock: Clock
  readonly log: Log
  readonly announced: Announced
  /** The only address it is listened at; undefined: all. */
  readonly host: string | undefined
}

/** Answers machines of the same networks that ask for controllers; says nothing unasked. */
export class Announcer implements AsyncDisposable {
  readonly #parts: AnnouncerParts
  readonly #socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
  readonly #joined = new Set<string>()
  /** Answers in the second that began then. */
  #answered = { sinceMs: 0, count: 0 }

  /** Begins. Where the port is another program's alone, or no network has multicast, that is said, and nobody finds this machine. */
  static async open(parts: AnnouncerParts): Promise<Announcer> {
    const announcer = new Announcer(parts)
    await announcer.#listen()
    return announcer
  }

  private constructor(parts: AnnouncerParts) {
    this.#parts = parts
    this.#socket.on('message', (bytes, { address, port }) => this.#take(bytes, { address, port }))
    this.#socket.unref()
  }

  /** Looks for networks that are new. */
  refresh(): void {
    for (const { address } of this.#networks()) {
      if (this.#joined.has(address)) continue
      try {
        this.#socket.addMembership(MULTICAST.address, address)
        this.#joined.add(address)
      } catch (error) {
        if (!isSystemError(error)) throw error // no multicast there, or the network is gone again
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>(resolve => this.#socket.close(() => resolve()))
  }

  async #listen(): Promise<void> {
    const bound = Promise.withResolvers<void>()
    this.#socket.on('error', error => {
      bound.resolve()
      this.#parts.log.warn('this machine cannot be found without an address', { why: error.message })
    })
    this.#socket.bind(MULTICAST.port, () => {
      this.refresh()
      bound.resolve()
    })
    await bound.promise
  }

  #networks() {
    const { host } = this.#parts
    return discoveryNetworks(os.networkInterfaces()).filter(each => host === undefined || each.address === host)
  }

  // Only to the same network, which is where multicast comes from.
  #take(bytes: Uint8Array, from: { readonly address: string; readonly port: number }): void {
    const network = networkWith(this.#networks(), from.address)
    if (network === undefined || !this.#mayAnswer()) return
    const answer = discoveryAnswer(bytes, this.#parts.announced, network.address)
    if (answer !== undefined) this.#socket.send(answer, from.port, from.address, () => undefined)
  }

  #mayAnswer(): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs - this.#answered.sinceMs >= 1_000) this.#answered = { sinceMs: nowMs, count: 0 }
    this.#answered.count += 1
    return this.#answered.count <= DISCOVERY_ANSWERS_MAX
  }
}
