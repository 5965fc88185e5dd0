import http2 from 'node:http2'
import { ETCD_ANSWER_BYTES_MAX, ETCD_CONNECT_MS, ETCD_WINDOW_BYTES } from '../limits.ts'
import { type CallFailure, STATUS } from './failure.ts'
import { FrameReader, frameOf } from './frames.ts'
import type { TokenAnswer } from './login.ts'
import { type EtcdFileNames, misfitOf } from './misfit.ts'

/** Files' contents in PEM: whom to trust, and who we are. */
export interface EtcdTls {
  readonly authorityPem?: string | undefined
  readonly certificatePem?: string | undefined
  readonly keyPem?: string | undefined
  readonly names?: EtcdFileNames | undefined
}

/** How often a connection with something under way is tried, and how long it may take to answer. */
export interface KeepAlive {
  readonly everyMs: number
  readonly timeoutMs: number
}

/** A call's name, such as `/etcdserverpb.KV/Range`, its message, and how long its answer may take. */
export interface UnaryCall {
  readonly path: string
  readonly message: Uint8Array
  readonly timeoutMs: number
  readonly token?: string | undefined
}

/** A stream's name, and what brings its token. */
export interface StreamCall {
  readonly path: string
  readonly token?: (() => Promise<TokenAnswer>) | undefined
}

/** The answer's message, or why there is none. */
export type UnaryAnswer =
  | { readonly ok: true; readonly message: Buffer }
  | { readonly ok: false; readonly failure: CallFailure }

/** What hears of a stream. `ended` is called once, last. */
export interface StreamListener {
  received(message: Buffer): void
  ended(failure: CallFailure): void
}

/** A stream of messages both ways. */
export interface Stream {
  send(message: Uint8Array): void
  close(): void
}

/**
 * One endpoint's HTTP/2 connection, speaking gRPC; made at the first call, and again when it broke. gRPC's framing is
 * ours because Connect's transport took 2 to 4 times the time for the same calls, and does not tell whether a request
 * that failed had been sent.
 */
export class Connection {
  readonly #url: URL
  readonly #tls: () => EtcdTls
  readonly #keepAlive: KeepAlive
  #session: Promise<http2.ClientHttp2Session> | undefined
  /** What ended a connection: its calls hear only that it ended. */
  readonly #problems = new WeakMap<http2.ClientHttp2Session, Error>()
  /** Connections on which etcd has said something. */
  readonly #greeted = new WeakSet<http2.ClientHttp2Session>()
  #underWay = 0
  #closed = false

  constructor(url: URL, tls: () => EtcdTls, keepAlive: KeepAlive) {
    this.#url = url
    this.#tls = tls
    this.#keepAlive = keepAlive
  }

  /** `https://HOST:PORT`. */
  get origin(): string {
    return this.#url.origin
  }

  /** Sends one message and waits for one. Aborting gives the call up; etcd may still do it. */
  async unary(call: UnaryCall, signal: AbortSignal): Promise<UnaryAnswer> {
    let session: http2.ClientHttp2Session
    try {
      session = await this.#ready()
    } catch (error) {
      return { ok: false, failure: refused(error) }
    }
    return new Promise(resolve => {
      const parts: Buffer[] = []
      let bytes = 0
      const cancel = (): void => request?.close(http2.constants.NGHTTP2_CANCEL)
      const request = this.#request(session, call, failure => {
        signal.removeEventListener('abort', cancel)
        clearTimeout(timer)
        resolve(answerOf(failure, parts))
      })
      if (request === undefined) return
      const timer = setTimeout(cancel, call.timeoutMs)
      signal.addEventListener('abort', cancel, { once: true })
      request.on('data', (part: Buffer) => {
        bytes += part.byteLength
        if (bytes > ETCD_ANSWER_BYTES_MAX) cancel()
        else parts.push(part)
      })
      request.end(frameOf(call.message))
      if (signal.aborted) cancel()
    })
  }

  /** Opens a stream; what happens to it, a connection that cannot be made included, is told to the listener. */
  stream({ path, token }: StreamCall, listener: StreamListener): Stream {
    const waiting: Uint8Array[] = []
    let request: http2.ClientHttp2Stream | undefined
    let isClosed = false
    const begin = ([session, known]: readonly [http2.ClientHttp2Session, TokenAnswer | undefined]): void => {
      if (known?.ok === false) return listener.ended(known.failure)
      const reader = new FrameReader()
      request = this.#request(session, { path, token: known?.token }, failure => listener.ended(failure))
      request?.on('data', (part: Buffer) => {
        for (const message of reader.push(part)) listener.received(message)
      })
      for (const message of waiting) request?.write(frameOf(message))
      if (isClosed) request?.close(http2.constants.NGHTTP2_CANCEL)
    }
    Promise.all([this.#ready(), token?.()]).then(begin, (error: unknown) => listener.ended(refused(error)))
    return {
      send: message => void (request === undefined ? waiting.push(message) : request.write(frameOf(message))),
      close: () => {
        isClosed = true
        request?.close(http2.constants.NGHTTP2_CANCEL)
      },
    }
  }

  close(): void {
    this.#closed = true
    this.#session?.then(
      session => session.destroy(),
      () => undefined,
    )
  }

  // `hasleader` makes a member without a leader refuse at once (etcd's clientv3.WithRequireLeader).
  #request(
    session: http2.ClientHttp2Session,
    { path, token }: { readonly path: string; readonly token?: string | undefined },
    ended: (failure: CallFailure) => void,
  ): http2.ClientHttp2Stream | undefined {
    const headers = {
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      hasleader: 'true',
      ...(token === undefined ? {} : { token }),
    }
    let said: CallFailure | undefined
    let problem: Error | undefined
    const see = (fields: http2.IncomingHttpHeaders): void => {
      said = statusIn(fields) ?? said
    }
    const begun = (fields: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader): void => {
      if (fields[':status'] !== 200) said = notEtcd(this.#url, fields[':status'])
      see(fields)
    }
    try {
      const request = session.request(headers)
      this.#underWay += 1
      request.on('response', begun)
      request.on('trailers', see)
      request.on('error', error => {
        problem = error
      })
      request.on('close', () => {
        this.#underWay -= 1
        const why = this.#problems.get(session) ?? problem
        ended(said ?? lost(request.rstCode, why ?? (this.#greeted.has(session) ? undefined : unsaid(this.#url))))
      })
      return request
    } catch (error) {
      ended(refused(error))
      return undefined
    }
  }

  #ready(): Promise<http2.ClientHttp2Session> {
    if (this.#closed) return Promise.reject(new Error('the keyspace is closed'))
    this.#session ??= this.#connect()
    return this.#session
  }

  #connect(): Promise<http2.ClientHttp2Session> {
    const { authorityPem: ca, certificatePem: cert, keyPem: key } = this.#tls()
    const connecting = new Promise<http2.ClientHttp2Session>((resolve, reject) => {
      const session = http2.connect(this.#url.origin, {
        ca,
        cert,
        key,
        settings: { initialWindowSize: ETCD_WINDOW_BYTES },
      })
      const forget = (): void => {
        if (this.#session === connecting) this.#session = undefined
      }
      // One that is still being made ends only when TCP gives up.
      const timer = setTimeout(() => {
        forget()
        reject(new Error(`${this.#url.host}: no connection in time`))
        session.destroy()
      }, ETCD_CONNECT_MS)
      session.once('connect', () => {
        clearTimeout(timer)
        session.setLocalWindowSize(ETCD_WINDOW_BYTES)
        this.#watchOver(session)
        resolve(session)
      })
      session.on('goaway', forget)
      session.on('error', error => {
        forget()
        const problem = new Error(`${this.#url.host}: ${briefly(error)}`, { cause: error })
        this.#problems.set(session, problem)
        reject(problem)
      })
      session.once('remoteSettings', () => this.#greeted.add(session))
      session.on('close', () => {
        clearTimeout(timer)
        forget()
        reject(new Error(`${this.#url.host}: the connection was closed`))
      })
    })
    return connecting
  }

  // etcd ends connections that ping more often than every 5 s, or with no stream open (embed.DefaultGRPCKeepAliveMinTime).
  #watchOver(session: http2.ClientHttp2Session): void {
    const { everyMs, timeoutMs } = this.#keepAlive
    const timer = setInterval(() => {
      if (this.#underWay === 0 || session.destroyed) return
      const late = setTimeout(() => session.destroy(new Error('no answer to a ping')), timeoutMs)
      if (!session.ping(() => clearTimeout(late))) clearTimeout(late)
    }, everyMs)
    timer.unref()
    session.once('close', () => clearInterval(timer))
  }
}

function answerOf(failure: CallFailure, parts: readonly Buffer[]): UnaryAnswer {
  if (failure.status !== STATUS.ok) return { ok: false, failure }
  const message = new FrameReader().push(Buffer.concat(parts))[0]
  return message === undefined ? { ok: false, failure: cutShort } : { ok: true, message }
}

function statusIn(fields: http2.IncomingHttpHeaders): CallFailure | undefined {
  if (fields['grpc-status'] === undefined) return undefined
  const message = decodeURIComponent(String(fields['grpc-message'] ?? '').replace(/%(?![0-9A-F]{2})/gi, '%25'))
  return { status: Number(fields['grpc-status']), message, how: 'answered' }
}

const cutShort = { status: STATUS.unavailable, message: 'the answer is cut short', how: 'lost' } as const

function lost(rstCode: number | undefined, problem: Error | undefined): CallFailure {
  const misfit = misfitOf(problem)
  const isRefused = misfit !== undefined || rstCode === http2.constants.NGHTTP2_REFUSED_STREAM
  const message = problem?.message ?? 'the connection broke or the answer took too long'
  return { status: STATUS.unavailable, message, how: isRefused ? 'refused' : 'lost', misfit }
}

function refused(error: unknown): CallFailure {
  const message = error instanceof Error ? briefly(error) : String(error)
  return { status: STATUS.unavailable, message, how: 'refused', misfit: misfitOf(error) }
}

function notEtcd({ host }: URL, status: number | undefined): CallFailure {
  const message = `${host}: answered ${status ?? 'nothing'}`
  return { status: STATUS.unavailable, message, how: 'refused', misfit: 'protocol' }
}

// What wants https:// ends a connection like this, and so does what stands before an etcd that does not run.
function unsaid({ host, protocol }: URL): Error {
  const perhaps = protocol === 'http:' ? '; perhaps it wants https://' : ''
  return new Error(`${host}: the connection was closed before etcd said anything${perhaps}`)
}

// OpenSSL tells where in its source it found out.
function briefly({ message }: Error): string {
  return /:SSL routines:[^:]*:([^:]*):/.exec(message)?.[1] ?? message.split('; if the root CA')[0] ?? message
}
