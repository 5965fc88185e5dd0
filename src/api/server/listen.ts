import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { Counts } from '../counts.ts'
import { CLOSE_MS_MAX, CONNECTIONS_MAX, CONNECTIONS_PER_SENDER_MAX, STREAMS_MAX } from '../limits.ts'
import { comesFromAfar, isLoopback } from '../request/afar.ts'
import { bodyComesBy } from '../request/body-of.ts'
import { type PeerSubject, peerOfSocket } from './peer.ts'
import { networkOf } from './sender.ts'

/** The certificate a server shows, and its key; both in PEM. */
export interface ServerCredential {
  readonly certificatePem: string
  readonly keyPem: string
}

/** Where and with what the API listens. */
export interface ListenOptions extends ServerCredential {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Whose client certificates are believed. */
  readonly authorityPem: string
  /** True: who shows no certificate that is believed is not even connected. */
  readonly requiresClientCertificate?: boolean
  /** Connections of one sender; usually CONNECTIONS_PER_SENDER_MAX. */
  readonly perSenderMax?: number
}

/** A listening API. Disposing lets answers under way end, for CLOSE_MS_MAX, and ends its connections. */
export interface Listening extends AsyncDisposable {
  readonly port: number
  /** Shows another certificate from the next connection on. */
  renew(credential: ServerCredential): void
  /** Ends connections whose client certificate `isCut` names. */
  cut(isCut: (peer: PeerSubject) => boolean): void
}

/** Serves an app over TLS 1.3, HTTP/2 and HTTP/1.1. Errors are those of the system, such as EADDRINUSE. */
export async function listen(app: Hono, options: ListenOptions): Promise<Listening> {
  const ready = Promise.withResolvers<AddressInfo>()
  const raw = new Set<Socket>() // also those that have not shaken hands
  const senders = new Counts()
  const sockets = new Set<TLSSocket>()
  const server = serve(
    {
      fetch(request, connection) {
        bodyComesBy(request, connection.incoming)
        if (!isLoopback(connection.incoming.socket.remoteAddress)) comesFromAfar(request)
        return app.fetch(request, connection)
      },
      hostname: options.host,
      port: options.port,
      createServer: createSecureServer,
      serverOptions: {
        allowHTTP1: true,
        settings: { maxConcurrentStreams: STREAMS_MAX },
        ...contextOf(options),
        requestCert: true,
        rejectUnauthorized: options.requiresClientCertificate === true,
      },
    },
    ready.resolve,
  ) as Http2SecureServer
  server.on('error', ready.reject)
  server.maxConnections = CONNECTIONS_MAX
  server.on('connection', socket => {
    keep(raw, socket)
    // Nobody takes the connections of all others.
    const leave = senders.enter(networkOf(socket.remoteAddress), options.perSenderMax ?? CONNECTIONS_PER_SENDER_MAX)
    if (leave === undefined) socket.destroy()
    else socket.on('close', leave)
  })
  server.on('secureConnection', socket => keep(sockets, socket))
  const { port } = await ready.promise
  return {
    port,
    renew: credential => server.setSecureContext(contextOf({ ...options, ...credential })),
    cut(isCut) {
      for (const socket of sockets) {
        const peer = peerOfSocket(socket)
        if (peer !== undefined && isCut(peer)) socket.destroy()
      }
    },
    async [Symbol.asyncDispose]() {
      // Idle connections close at once, the others when their answers are done, or when they took too long.
      const closed = new Promise(resolve => server.close(resolve))
      const cut = setTimeout(() => {
        for (const socket of raw) socket.destroy()
      }, CLOSE_MS_MAX)
      await closed
      clearTimeout(cut)
    },
  }
}

function contextOf({ certificatePem, keyPem, authorityPem }: ListenOptions) {
  // The authority's own certificate is sent too: who has only its fingerprint, in a token, compares it.
  return { minVersion: 'TLSv1.3', cert: certificatePem + authorityPem, key: keyPem, ca: authorityPem } as const
}

function keep<S extends Socket>(sockets: Set<S>, socket: S): void {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
}
