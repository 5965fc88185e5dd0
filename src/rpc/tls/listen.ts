import type { AddressInfo, Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Duplex } from '../duplex.ts'
import { CONNECTIONS_MAX, HELLO_TIMEOUT_MS } from '../limits.ts'
import type { PeerName } from '../method.ts'
import { socketDuplex } from '../socket/duplex.ts'
import { contextOf, peerNameOf, type TlsCredential } from './credential.ts'

/** Where machines are listened for. */
export interface TlsListenOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly credential: TlsCredential
  /** Takes a connection whose certificate is believed; `peer` is whom it names. */
  readonly accept: (duplex: Duplex, peer: PeerName) => void
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
export async function listenTls({ host, port, credential, accept }: TlsListenOptions): Promise<TlsListening> {
  const raw = new Set<Socket>() // also those that have not shaken hands
  const peers = new Map<TLSSocket, PeerName>()
  const server = createServer({
    ...contextOf(credential),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HELLO_TIMEOUT_MS,
  })
  server.maxConnections = CONNECTIONS_MAX
  server.on('tlsClientError', (_, socket) => socket.destroy())
  server.on('connection', socket => {
    raw.add(socket)
    socket.on('close', () => raw.delete(socket))
  })
  server.on('secureConnection', socket => {
    const peer = peerNameOf(socket)
    if (peer === undefined) return void socket.destroy()
    socket.setNoDelay(true)
    peers.set(socket, peer)
    socket.on('close', () => peers.delete(socket))
    accept(socketDuplex(socket), peer)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    renew: changed => server.setSecureContext(contextOf(changed)),
    cut(isCut) {
      for (const [socket, peer] of peers) if (isCut(peer)) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of raw) socket.destroy()
      await closed
    },
  }
}
