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
  async call(
    method: string,
    path: string,
    more: { readonly body?: string; readonly accept?: string } = {},
  ): Promise<Buffer> {
    const { stream, status } = await this.open(method, path, more)
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    const answer = Buffer.concat(chunks)
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${answer.toString().slice(0, 300)}`)
    return answer
  }

  /** Begins a request; its answer comes as a stream. */
  async open(method: string, path: string, more: { readonly body?: string; readonly accept?: string } = {}) {
    const { body, accept = 'application/json' } = more
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const stream: ClientHttp2Stream = this.#session.request(
      { ':method': method, ':path': path, accept, ...type },
      { endStream: body === undefined },
    )
    if (body !== undefined) stream.end(body)
    const [headers] = (await once(stream, 'response')) as [{ readonly ':status': number }]
    return { stream, status: headers[':status'] }
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
  }
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ]
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ]
}
