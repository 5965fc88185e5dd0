import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'

/** Where and with what the API listens. */
export interface ListenOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly certificatePem: string
  readonly keyPem: string
  /** Whose client certificates are believed. */
  readonly authorityPem: string
}

/** A listening API. Disposing ends its connections. */
export interface Listening extends AsyncDisposable {
  readonly port: number
}

/** Serves an app over TLS 1.3, HTTP/2 and HTTP/1.1. */
export async function listen(app: Hono, options: ListenOptions): Promise<Listening> {
  const ready = Promise.withResolvers<AddressInfo>()
  const sessions = new Set<{ destroy(): void }>()
  const server = serve(
    {
      fetch: app.fetch,
      hostname: options.host,
      port: options.port,
      createServer: createSecureServer,
      serverOptions: {
        allowHTTP1: true,
        minVersion: 'TLSv1.3',
        cert: options.certificatePem,
        key: options.keyPem,
        ca: options.authorityPem,
        requestCert: true,
        rejectUnauthorized: false,
      },
    },
    ready.resolve,
  )
  server.on('error', ready.reject)
  server.on('connection', (socket: { destroy(): void; on(event: 'close', run: () => void): void }) => {
    sessions.add(socket)
    socket.on('close', () => sessions.delete(socket))
  })
  const { port } = await ready.promise
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sessions) socket.destroy()
      await closed
    },
  }
}

/** Whom the certificate of a request's connection names, when our authority has signed it. */
export interface PeerSubject {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly serial: string
}

/** Reads the client certificate of the connection a request came by; undefined when there is none that is believed. */
export function peerOf(connection: unknown): PeerSubject | undefined {
  const socket = socketOf(connection)
  if (socket === undefined || !socket.authorized) return undefined
  const { subject, serialNumber } = socket.getPeerCertificate()
  if (typeof subject?.CN !== 'string') return undefined
  const organizations: string | string[] | undefined = subject.O
  return {
    commonName: subject.CN,
    organizations: organizations === undefined ? [] : [organizations].flat(),
    serial: serialNumber,
  }
}

// HTTP/2 hides the socket of a stream behind a proxy that has the methods of the TLS socket.
function socketOf(connection: unknown): TLSSocket | undefined {
  if (typeof connection !== 'object' || connection === null || !('incoming' in connection)) return undefined
  const { incoming } = connection
  if (typeof incoming !== 'object' || incoming === null || !('socket' in incoming)) return undefined
  const { socket } = incoming
  return socket instanceof TLSSocket || isTlsProxy(socket) ? (socket as TLSSocket) : undefined
}

function isTlsProxy(socket: unknown): boolean {
  return typeof socket === 'object' && socket !== null && 'authorized' in socket && 'getPeerCertificate' in socket
}
