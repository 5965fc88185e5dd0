import { Http2ServerRequest } from 'node:http2'
import { TLSSocket } from 'node:tls'

/** Whom the certificate of a request's connection names, when our authority has signed it. */
export interface PeerSubject {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Hexadecimal, lower case. */
  readonly serial: string
  /** Milliseconds since 1970 from which on it does not hold any more. */
  readonly expiresMs: number
}

/** Reads the client certificate of the connection a request came by; undefined when there is none that is believed. */
export function peerOf(connection: unknown): PeerSubject | undefined {
  const socket = socketOf(connection)
  if (socket === undefined) return undefined
  const known = peers.get(socket)
  if (known !== undefined) return known
  const peer = peerOfSocket(socket)
  if (peer !== undefined) peers.set(socket, peer)
  return peer
}

// A connection keeps its certificate, and to read it takes longer than most requests.
const peers = new WeakMap<TLSSocket, PeerSubject>()

/** As {@link peerOf}, of a TLS connection. */
export function peerOfSocket(socket: TLSSocket): PeerSubject | undefined {
  if (!socket.authorized) return undefined
  const { subject, serialNumber, valid_to } = socket.getPeerCertificate()
  const name: string | string[] | undefined = subject?.CN
  if (typeof name !== 'string') return undefined
  const organizations: string | string[] | undefined = subject.O
  return {
    commonName: name,
    organizations: organizations === undefined ? [] : [organizations].flat(),
    serial: serialNumber.toLowerCase(),
    expiresMs: Date.parse(valid_to),
  }
}

/** The socket a request came by. HTTP/2 hides it behind a proxy that has the methods of the TLS socket. */
export function socketOf(connection: unknown): TLSSocket | undefined {
  if (typeof connection !== 'object' || connection === null || !('incoming' in connection)) return undefined
  const { incoming } = connection
  if (typeof incoming !== 'object' || incoming === null || !('socket' in incoming)) return undefined
  const socket = incoming instanceof Http2ServerRequest ? incoming.stream.session?.socket : incoming.socket
  return socket instanceof TLSSocket || isTlsProxy(socket) ? (socket as TLSSocket) : undefined
}

function isTlsProxy(socket: unknown): boolean {
  return typeof socket === 'object' && socket !== null && 'authorized' in socket && 'getPeerCertificate' in socket
}
