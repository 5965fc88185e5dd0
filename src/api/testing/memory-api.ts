import { machineWorld } from '#host'
import type { Caller } from '#identity'
import { type LocalKeyspace, openMemoryKeyspace } from '#keyspace'
import { type Json, type JsonObject, RESOURCES } from '#schema'
import { type AppParts, createApp } from '../app.ts'
import { apiFault } from '../faults.ts'
import { Objects } from '../objects/objects.ts'
import { Registry } from '../registry.ts'
import { ObjectStore } from '../store/object-store.ts'
import { StillClock } from './still-clock.ts'

/** An answer, read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: JsonObject
}

/** An API in memory, with the namespace `default`, whose clock stands still. */
export class MemoryApi implements AsyncDisposable {
  readonly keyspace: LocalKeyspace
  readonly clock = new StillClock()
  readonly ending = new AbortController()
  readonly warnings: string[] = []
  readonly #app: ReturnType<typeof createApp>

  private constructor(parts: Partial<AppParts> & { readonly history?: { ms: number; revisions: number } }) {
    const log = { info: () => undefined, warn: (message: string) => void this.warnings.push(message) }
    const { entropy } = machineWorld
    this.keyspace = openMemoryKeyspace({ world: { ...machineWorld, log }, history: parts.history })
    const store = new ObjectStore(this.keyspace)
    this.#app = createApp({
      clock: this.clock,
      log,
      registry: new Registry(RESOURCES),
      objects: new Objects({ store, clock: this.clock, entropy }),
      authenticate: request => Promise.resolve(callerOf(request)),
      authorize: caller => Promise.resolve(caller.name !== 'eve'),
      version: 'test',
      ending: this.ending.signal,
      ...parts,
    })
  }

  static async open(
    parts: Partial<AppParts> & { readonly history?: { ms: number; revisions: number } } = {},
  ): Promise<MemoryApi> {
    const api = new MemoryApi(parts)
    await api.post('/api/v1/namespaces', { metadata: { name: 'default' } })
    return api
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.abort()
    await this.keyspace[Symbol.asyncDispose]()
  }

  /** The answer as it comes. */
  async fetch(path: string, init: RequestInit = {}, connection: object = {}): Promise<Response> {
    return this.#app.fetch(new Request(`https://cairn.test${path}`, init), connection)
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return read(await this.fetch(path, { headers }))
  }

  post(path: string, body: Json, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, body, headers)
  }

  put(path: string, body: Json): Promise<Answer> {
    return this.send('PUT', path, body)
  }

  patch(path: string, body: Json, type = 'application/merge-patch+json'): Promise<Answer> {
    return this.send('PATCH', path, body, { 'content-type': type })
  }

  delete(path: string, body?: Json): Promise<Answer> {
    return this.send('DELETE', path, body)
  }

  async send(method: string, path: string, body?: Json, headers: Record<string, string> = {}): Promise<Answer> {
    const text = typeof body === 'string' ? body : body === undefined ? null : JSON.stringify(body)
    const init = { method, body: text, headers: { 'content-type': 'application/json', ...headers } }
    return read(await this.fetch(path, init))
  }

  /** A watch, an event at a time. */
  async watch(path: string, headers: Record<string, string> = {}): Promise<Watch> {
    const stop = new AbortController()
    const response = await this.fetch(path, { headers, signal: stop.signal })
    if (response.status !== 200 || response.body === null) throw new Error(await response.text())
    return new Watch(response.body, stop)
  }
}

/** The events of a watch. */
export class Watch implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #stop: AbortController
  #text = ''

  constructor(body: ReadableStream<Uint8Array>, stop: AbortController) {
    this.#reader = body.getReader()
    this.#stop = stop
  }

  /** The next event; undefined at the end. */
  async next(): Promise<WatchLine | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 1)
        return JSON.parse(line) as WatchLine
      }
      const { done, value } = await this.#reader.read()
      if (done) return undefined
      this.#text += Buffer.from(value).toString('utf8')
    }
  }

  /** The next events as `TYPE name`. */
  async names(count: number): Promise<string[]> {
    const names: string[] = []
    while (names.length < count) {
      const line = await this.next()
      if (line === undefined) break
      names.push(`${line.type} ${line.object.metadata?.name ?? ''}`.trim())
    }
    return names
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#reader.cancel().catch(() => undefined)
  }
}

/** An event as it stands in a line. */
export interface WatchLine {
  readonly type: string
  readonly object: JsonObject & { readonly metadata?: JsonObject & { readonly name?: string } }
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json')
  const body: unknown = text === '' || !isJson ? { text } : JSON.parse(text)
  return { status: response.status, headers: response.headers, body: body as JsonObject }
}

function callerOf(request: Request): Caller {
  const name = request.headers.get('x-user') ?? 'admin'
  if (name === 'nobody') throw apiFault('Unauthorized', 'Unauthorized')
  return { name, uid: undefined, groups: [], extra: {} }
}
