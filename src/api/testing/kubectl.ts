import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import type { MemoryApi } from './memory-api.ts'

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** An API that a kubectl talks to over HTTP. Files are made in a folder that goes with it. */
export class KubectlSession implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cairn-kubectl-'))
  readonly #program: string
  readonly #server: ReturnType<typeof createServer>

  private constructor(program: string, api: Pick<MemoryApi, 'fetch'>) {
    this.#program = program
    const answer = async (request: Request): Promise<Response> => {
      const { pathname, search } = new URL(request.url)
      const body = request.body === null ? null : await request.arrayBuffer()
      return api.fetch(`${pathname}${search}`, { method: request.method, headers: request.headers, body })
    }
    const listener = getRequestListener(answer)
    this.#server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  }

  static async open(program: string, api: Pick<MemoryApi, 'fetch'>): Promise<KubectlSession> {
    const session = new KubectlSession(program, api)
    await new Promise<void>(resolve => session.#server.listen(0, '127.0.0.1', resolve))
    const { port } = session.#server.address() as AddressInfo
    const cluster = { name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }
    const context = { name: 'c', context: { cluster: 'c', user: '' } }
    session.file('kubeconfig', { clusters: [cluster], contexts: [context], 'current-context': 'c' })
    return session
  }

  /** Writes a file; its path. */
  file(name: string, content: unknown): string {
    const path = join(this.folder, name)
    writeFileSync(path, JSON.stringify(content))
    return path
  }

  run(...words: readonly string[]): Promise<Said> {
    const env = { ...process.env, HOME: this.folder, KUBECONFIG: join(this.folder, 'kubeconfig') }
    return new Promise(resolve => {
      execFile(this.#program, words, { env, timeout: 30_000 }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err })
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
    rmSync(this.folder, { recursive: true, force: true })
  }
}
