import type { AddressInfo, Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Duplex } from '../duplex.ts'
import { HANDSHAKES_MAX, HELLO_TIMEOUT_MS, PEERS_MAX, STRANGER_LIFE_MS, STRANGERS_MAX } from '../limits.ts'
import type { PeerName } from '../method.ts'
import { socketDuplex } from '../socket/duplex.ts'
import { contextOf, peerNameOf, type TlsCredential } from './credential.ts'

/** Where machines are listened for. */
export interface TlsListenOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly credential: TlsCredential
  /** Takes a connection whose certificate is believed; `peer` is whom it names, `address` where it comes from. */
  readonly accept: (duplex: Duplex, peer: PeerName, address: string) => void
  /**
   * Takes a connection that shows no certificate: a few at a time, each for a short time. Undefined: none is taken. Who
   * shows a certificate that is not believed is refused in any case.
   */
  readonly acceptStranger?: ((duplex: Duplex, address: string) => void) | undefined
}

/** A listening port. Disposing stops listening and ends its connections. */
export interface TlsListening extends AsyncDisposable {
  readonly port: number
  /** Shows another certificate, and believes other authorities, from the next connection on. */
  renew(credential: TlsCredential): void
  /** Ends the connections of peers that `isCut` names. */
  cut(isCut: (peer: PeerName) => boolean): void
}

/** Listens for machines: TLS 1.3, and who has no certificate that is believed is not connected. Errors are the system's, such as EADDRINUSE. */
export async function listenTls(options: TlsListenOptions): Promise<TlsListening> {
  const { host, port, credential } = options
  const guests = new Guests(options)
  const server = createServer({
    ...contextOf(credential),
    requestCert: true,
    // Strangers are told apart by hand.
    rejectUnauthorized: options.acceptStranger === undefined,
    handshakeTimeout: HELLO_TIMEOUT_MS,
  })
  server.maxConnections = PEERS_MAX + STRANGERS_MAX + HANDSHAKES_MAX
  server.on('tlsClientError', (_, socket) => socket.destroy())
  server.on('connection', socket => guests.arrived(socket))
  server.on('secureConnection', socket => guests.shown(socket))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    renew: changed => server.setSecureContext(contextOf(changed)),
    cut: isCut => guests.cut(isCut),
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      guests.endAll()
      await closed
    },
  }
}

/** Who is connected, by what they have shown: nothing yet, no certificate, or a believed one. */
class Guests {
  readonly #options: TlsListenOptions
  readonly #raw = new Set<Socket>() // all of them
  readonly #unshaken = new Map<string, Socket>()
  readonly #strangers = new Set<TLSSocket>()
  readonly #peers = new Map<TLSSocket, PeerName>()

  constructor(options: TlsListenOptions) {
    this.#options = options
  }

  arrived(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    if (remoteAddress === undefined || this.#unshaken.size >= HANDSHAKES_MAX) return void socket.destroy()
    const from = `${remoteAddress} ${remotePort}`
    this.#raw.add(socket)
    this.#unshaken.set(from, socket)
    socket.on('close', () => {
      this.#raw.delete(socket)
      this.#unshaken.delete(from)
    })
  }

  shown(socket: TLSSocket): void {
    const { remoteAddress, remotePort } = socket
    this.#unshaken.delete(`${remoteAddress} ${remotePort}`)
    // What an earlier connection has shown is not believed again: a certificate may have been revoked since.
    if (remoteAddress === undefined || socket.isSessionReused()) return void socket.destroy()
    const address = plainAddress(remoteAddress)
    const peer = peerNameOf(socket)
    if (peer !== undefined) return this.#acceptPeer(socket, peer, address)
    if (socket.getPeerX509Certificate() !== undefined) return void socket.destroy()
    this.#acceptStranger(socket, address)
  }

  cut(isCut: (peer: PeerName) => boolean): void {
    for (const [socket, peer] of this.#peers) if (isCut(peer)) socket.destroy()
  }

  endAll(): void {
    for (const socket of this.#raw) socket.destroy()
  }

  #acceptPeer(socket: TLSSocket, peer: PeerName, address: string): void {
    if (this.#peers.size >= PEERS_MAX) return void socket.destroy()
    this.#peers.set(socket, peer)
    socket.on('close', () => this.#peers.delete(socket))
    socket.setNoDelay(true)
    this.#options.accept(socketDuplex(socket), peer, address)
  }

  #acceptStranger(socket: TLSSocket, address: string): void {
    const { acceptStranger } = this.#options
    if (acceptStranger === undefined || this.#strangers.size >= STRANGERS_MAX) return void socket.destroy()
    this.#strangers.add(socket)
    const life = setTimeout(() => socket.destroy(), STRANGER_LIFE_MS)
    socket.on('close', () => {
      clearTimeout(life)
      this.#strangers.delete(socket)
    })
    acceptStranger(socketDuplex(socket), address)
  }
}

// An IPv4 caller of a socket that listens for both comes as `::ffff:192.0.2.1` (RFC 4291, 2.5.5.2).
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}
