import { readFileSync } from 'node:fs'
import http2 from 'node:http2'
import { createInterface } from 'node:readline'

/** What an API answered. */
export interface Answered {
  readonly status: number
  readonly body: string
}

/** A connection to one API server as the administrator of its data folder. It is not made again when it breaks. */
export class Access implements Disposable {
  readonly #session: http2.ClientHttp2Session

  constructor(kubeconfig: string) {
    const text = readFileSync(kubeconfig, 'utf8')
    const field = (name: string): string => new RegExp(`${name}: (\\S+)`).exec(text)?.[1] ?? ''
    const pem = (name: string): Buffer => Buffer.from(field(`${name}-data`), 'base64')
    this.#session = http2.connect(field('server'), {
      ca: pem('certificate-authority'),
      cert: pem('client-certificate'),
      key: pem('client-key'),
    })
    this.#session.on('error', () => undefined)
  }

  /** Throws when the connection breaks: nobody knows then what became of it. */
  ask(method: string, path: string, object?: object): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const request = this.#session.request({ ':method': method, ':path': path, 'content-type': 'application/json' })
      let status: number | undefined
      let body = ''
      let isWhole = false
      request.setEncoding('utf8').on('data', (part: string) => {
        body += part
      })
      request.on('response', headers => {
        status = headers[':status']
      })
      request.on('end', () => {
        isWhole = true
      })
      request.on('error', () => undefined)
      request.on('close', () => {
        if (isWhole && status !== undefined) resolve({ status, body })
        else reject(new Error('the connection broke'))
      })
      request.end(object === undefined ? undefined : JSON.stringify(object))
    })
  }

  /** The events of a watch until it ends, in whichever way. */
  async *watch(path: string): AsyncGenerator<{ readonly type: string; readonly object: WatchedObject }> {
    const request = this.#session.request({ ':path': path })
    request.on('error', () => undefined)
    for await (const line of createInterface({ input: request })) yield JSON.parse(line)
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
  }
}

/** As much of an object as a watch looks at. */
export interface WatchedObject {
  readonly code?: number
  readonly metadata: { readonly name: string; readonly resourceVersion: string }
}
