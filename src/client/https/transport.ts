import http2 from 'node:http2'
import { Readable } from 'node:stream'
import type { Clock } from '#base'
import { clientFault } from '../faults.ts'
import { CONNECT_MS_MAX, PING_MS, PONG_MS_MAX } from '../limits.ts'
import type { Transport } from '../transport.ts'
import type { Access } from './kubeconfig.ts'

/** A transport over one connection of HTTP/2 with TLS 1.3, made anew when it is lost. Faults: Unreachable. */
export interface HttpsTransport extends AsyncDisposable {
  readonly transport: Transport
}

/** Connects when first used. */
export function openHttpsTransport(access: Access, clock: Clock): HttpsTransport {
  const connection = new Connection(access, clock)
  return {
    transport: async request => send(await connection.session(), request, access),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

async function send(session: http2.ClientHttp2Session, request: Request, access: Access): Promise<Response> {
  const { signal } = request
  signal.throwIfAborted()
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer())
  const stream = session.request(
    { ...headersOf(request, access), ...lengthOf(body) },
    { endStream: body === undefined },
  )
  const abort = (): void => stream.close(http2.constants.NGHTTP2_CANCEL)
  signal.addEventListener('abort', abort, { once: true })
  stream.once('close', () => signal.removeEventListener('abort', abort))
  if (body !== undefined) stream.end(body)
  const answer = await headed(stream, signal)
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer)) {
    if (!name.startsWith(':') && value !== undefined) headers.set(name, String(value))
  }
  const status = answer[':status'] ?? 500
  const isEmpty = status === 204 || status === 304
  return new Response(isEmpty ? null : (Readable.toWeb(stream) as ReadableStream<Uint8Array>), { status, headers })
}

function headed(
  stream: http2.ClientHttp2Stream,
  signal: AbortSignal,
): Promise<http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader> {
  return new Promise((resolve, reject) => {
    stream.once('response', resolve)
    stream.once('error', reject)
    stream.once('close', () =>
      reject(signal.aborted ? signal.reason : clientFault('Unreachable', 'the connection was lost')),
    )
  })
}

function headersOf(request: Request, { url, credential }: Access): http2.OutgoingHttpHeaders {
  const { pathname, search } = new URL(request.url)
  return {
    ...Object.fromEntries(request.headers),
    ':method': request.method,
    ':path': new URL(url).pathname.replace(/\/$/, '') + pathname + search,
    ...(credential.kind === 'token' ? { authorization: `Bearer ${credential.token}` } : {}),
  }
}

function lengthOf(body: Buffer | undefined): http2.OutgoingHttpHeaders {
  return body === undefined ? {} : { 'content-length': body.byteLength }
}

class Connection {
  readonly #access: Access
  readonly #clock: Clock
  #open: Promise<http2.ClientHttp2Session> | undefined
  #isClosed = false

  constructor(access: Access, clock: Clock) {
    this.#access = access
    this.#clock = clock
  }

  session(): Promise<http2.ClientHttp2Session> {
    if (this.#isClosed) return Promise.reject(clientFault('Unreachable', 'the transport is closed'))
    const open = (this.#open ??= this.#connect())
    open.catch(() => this.#forget(open))
    return open
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const session = await this.#open?.catch(() => undefined)
    session?.destroy()
  }

  #connect(): Promise<http2.ClientHttp2Session> {
    const { url, authorityPem, serverName, credential } = this.#access
    const session = http2.connect(new URL(url).origin, {
      ca: authorityPem,
      minVersion: 'TLSv1.3',
      timeout: CONNECT_MS_MAX,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(credential.kind === 'certificate' ? { cert: credential.certificatePem, key: credential.keyPem } : {}),
    })
    return new Promise((resolve, reject) => {
      const lost = (error?: Error): void => {
        this.#forget(this.#open)
        const why = error === undefined ? 'the connection was lost' : error.message
        reject(clientFault('Unreachable', `${url}: ${why}`, { cause: error }))
      }
      session.once('error', lost)
      session.once('close', () => lost())
      session.once('goaway', () => this.#forget(this.#open))
      session.setTimeout(CONNECT_MS_MAX, () => session.destroy(new Error('no answer in time')))
      session.once('connect', () => {
        session.setTimeout(0)
        void this.#ping(session)
        resolve(session)
      })
    })
  }

  // A peer that went away silently ends no stream: one that does not answer pings is given up.
  async #ping(session: http2.ClientHttp2Session): Promise<void> {
    const end = new AbortController()
    session.once('close', () => end.abort())
    while (!session.destroyed) {
      await this.#clock.sleep(PING_MS, end.signal).catch(() => undefined)
      if (session.destroyed) return
      const answered = new AbortController()
      session.ping(() => answered.abort())
      const isLate = await this.#clock.sleep(PONG_MS_MAX, answered.signal).then(
        () => true,
        () => false,
      )
      if (isLate) session.destroy(new Error('no answer to a ping'))
    }
  }

  #forget(open: Promise<http2.ClientHttp2Session> | undefined): void {
    if (this.#open === open) this.#open = undefined
  }
}
