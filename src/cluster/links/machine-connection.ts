import {
  type Client,
  type ConnectionOptions,
  type Duplex,
  type Handler,
  openPeer,
  type Peer,
  type PeerName,
} from '#rpc'
import type { Log } from '#base'
import type { MachineReport } from '../methods/beat.ts'
import type { MachineSubject } from '../peer-name.ts'

/** A stream of bytes to a machine that has shown who it is. */
export interface Wire {
  readonly duplex: Duplex
  /** Whom the certificate names that the other side has shown. */
  readonly certificate: PeerName
  readonly subject: MachineSubject
  /** Where the other side is, without a port: what was dialled, or where it dialled from. */
  readonly host: string
  /** True when its packets take the mesh, which is slower than whatever that goes over. */
  readonly isOverMesh: boolean
  readonly isDialled: boolean
}

/** What every connection is opened with. */
export interface ConnectionTools extends ConnectionOptions {
  readonly log: Log
  /** What the other side may call. */
  readonly handlers: readonly Handler[]
}

/** A connection to another machine over which both call, with what is known of it. */
export class MachineConnection implements AsyncDisposable {
  readonly wire: Wire
  readonly openedMs: number
  rttMs: number | undefined
  /** When the last heartbeat was sent; undefined: one is due at once. */
  beatMs: number | undefined
  isBeating = false
  /** When somebody last asked for it, and since when there is a better one. */
  usedMs: number
  surplusMs: number | undefined
  /** What the other side has last been told of this machine. */
  told: MachineReport | undefined
  readonly #peer: Peer

  /** Opens it. Faults: Unsupported, Closed; the signal's reason. */
  static async open(wire: Wire, tools: ConnectionTools, signal: AbortSignal): Promise<MachineConnection> {
    const side = wire.isDialled ? 'dialler' : 'acceptor'
    try {
      const peer = await openPeer(wire.duplex, { ...tools, peer: wire.certificate, side }, signal)
      return new MachineConnection(wire, peer, tools.clock.monotonicMs())
    } catch (error) {
      wire.duplex.destroy()
      throw error
    }
  }

  private constructor(wire: Wire, peer: Peer, nowMs: number) {
    this.wire = wire
    this.#peer = peer
    this.openedMs = nowMs
    this.usedMs = nowMs
  }

  get client(): Client {
    return this.#peer
  }

  get isOpen(): boolean {
    return this.#peer.isOpen
  }

  /** Resolves when it has ended and no handler of it runs any more. */
  get done(): Promise<void> {
    return this.#peer.done
  }

  get heardMs(): number {
    return this.#peer.heardMs
  }

  get sentMs(): number {
    return this.#peer.sentMs
  }

  /** True when nothing is under way on it, but heartbeats. */
  get isIdle(): boolean {
    return this.#peer.callsUnderWay <= (this.isBeating ? 1 : 0)
  }

  /** Ends it at once, without waiting for a side that may never read again. */
  cut(): void {
    void this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#peer[Symbol.asyncDispose]()
    this.wire.duplex.destroy()
    await ended
  }
}

/**
 * The connection to use of several between the same two machines: one that does not go over the mesh, of these one that the
 * machine with the earlier name has dialled, of these the newest. Both ends choose the same.
 */
export function bestOf<C extends Pick<MachineConnection, 'openedMs' | 'wire'>>(
  connections: readonly C[],
  own: string,
): C | undefined {
  const isFirst = ({ wire }: C) => wire.isDialled === own < wire.subject.name
  return connections.reduce<C | undefined>((best, one) => {
    if (best === undefined) return one
    if (best.wire.isOverMesh !== one.wire.isOverMesh) return one.wire.isOverMesh ? best : one
    if (isFirst(best) !== isFirst(one)) return isFirst(best) ? best : one
    return one.openedMs >= best.openedMs ? one : best
  }, undefined)
}
