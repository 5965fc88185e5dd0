import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { once } from 'node:events'
import { parse } from 'yaml'

/** The least of an HTTP/2 client, so that its own time is not what is measured. */
export class ApiClient implements Disposable {
  readonly #session: ClientHttp2Session

  /** With the server and the client certificate of a kubeconfig. */
  constructor(kubeconfig: string) {
    const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
    const [{ cluster }, { user }] = [config.clusters[0], config.users[0]]
    const bytes = (text: string) => Buffer.from(text, 'base64')
    const ca = bytes(cluster['certificate-authority-data'])
    const cert = bytes(user['client-certificate-data'])
    this.#session = connect(cluster.server, { ca, cert, key: bytes(user['client-key-data']) })
    this.#session.on('error', () => undefined) // the streams tell
  }

  /** Sends one request; the answer's bytes. Throws with the answer unless it is 2xx. */
  async call(method: string, path: string, more: More = {}): Promise<Buffer> {
    const stream = this.stream(method, path, more)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    const ended = once(stream, 'end')
    const [headers] = (await once(stream, 'response')) as [{ readonly ':status': number }]
    await ended
    const [status, answer] = [headers[':status'], Buffer.concat(chunks)]
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${answer.toString().slice(0, 300)}`)
    return answer
  }

  /** Begins a request; its answer comes as a stream. */
  stream(
    method: string,
    path: string,
    { body, type: sent = 'application/json', accept = 'application/json' }: More = {},
  ): ClientHttp2Stream {
    const type = body === undefined ? {} : { 'content-type': sent }
    const head = { ':method': method, ':path': path, accept, ...type }
    const stream = this.#session.request(head, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    return stream
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
  }
}

interface More {
  readonly body?: string
  /** The body's content type. */
  readonly type?: string
  readonly accept?: string
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ]
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ]
}
