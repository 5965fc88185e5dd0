import type { Clock, World } from '#base'
import type { KubeObject } from '#schema'
import type { ApiResource } from './api-resource.ts'
import type { Transport } from './transport.ts'

export const THINGS: ApiResource = { group: 'test', version: 'v1', plural: 'things', kind: 'Thing', isNamespaced: true }

/** Short sleeps end with the next turn of the event loop, long ones never by themselves. */
export const hastyClock: Clock = {
  wallNs: () => 0n,
  monotonicMs: () => 0,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      if (ms < 20_000) setImmediate(resolve)
    }),
}

export const hastyWorld: Pick<World, 'clock' | 'entropy' | 'log'> = {
  clock: hastyClock,
  entropy: { bytes: count => new Uint8Array(count).fill(255) },
  log: { info: () => undefined, warn: () => undefined },
}

/** What may go wrong with the next request. */
export type Mishap = 'none' | 'refuse' | 'throw' | 'cut' | 'tear' | 'end' | 'expire'

interface Line {
  readonly revision: number
  readonly text: string
}

/** A server of one resource in memory, with a history that can be forgotten and watches that can be cut at any byte. */
export class ThingServer {
  readonly history: { readonly type: string; readonly name: string; readonly revision: number }[] = []
  readonly objects = new Map<string, KubeObject>()
  readonly watching = new Set<ReadableStreamDefaultController<Uint8Array>>()
  mishap: () => Mishap = () => 'none'
  watches = 0
  #lines: Line[] = []
  #revision = 0
  #forgotten = 0

  readonly transport: Transport = request => {
    const { searchParams } = new URL(request.url)
    if (searchParams.get('watch') === 'true') return Promise.resolve(this.#watch(searchParams, request.signal))
    const mishap = this.mishap()
    if (mishap === 'throw') return Promise.reject(new Error('connection lost'))
    if (mishap === 'refuse') return Promise.resolve(statusAnswer(503, 'ServiceUnavailable'))
    return Promise.resolve(this.#list(searchParams, mishap))
  }

  set(name: string): void {
    this.#revision += 1
    const type = this.objects.has(name) ? 'MODIFIED' : 'ADDED'
    const uid = this.objects.get(name)?.metadata.uid ?? `uid-${this.#revision}`
    this.objects.set(name, thing(name, uid, this.#revision))
    this.#tell(type, name, this.objects.get(name)!)
  }

  remove(name: string): void {
    const there = this.objects.get(name)
    if (there === undefined) return
    this.#revision += 1
    this.objects.delete(name)
    this.#tell('DELETED', name, thing(name, there.metadata.uid, this.#revision))
  }

  forget(): void {
    this.#forgotten = this.#revision
    this.#lines = []
  }

  /** Ends all watches: in the middle of a line, with an error of the connection, or well. */
  cut(how: 'tear' | 'throw' | 'end'): void {
    for (const controller of this.watching) {
      if (how === 'tear') controller.enqueue(Buffer.from('{"type":"ADDED","object":{"apiVer'))
      if (how === 'throw') controller.error(new Error('connection reset'))
      else controller.close()
    }
    this.watching.clear()
  }

  #list(query: URLSearchParams, mishap: Mishap): Response {
    const from = Number(query.get('continue')?.split(':')[0] ?? 0)
    const revision = Number(query.get('continue')?.split(':')[1] ?? this.#revision)
    // A page of an older revision is only known while nothing changed.
    if (mishap === 'expire' || revision !== this.#revision) return statusAnswer(410, 'Expired')
    const limit = Number(query.get('limit'))
    const all = [...this.objects.values()]
    const next = from + limit < all.length ? { continue: `${from + limit}:${revision}` } : {}
    const items = all.slice(from, from + limit)
    return Response.json({ kind: 'ThingList', metadata: { resourceVersion: String(revision), ...next }, items })
  }

  #watch(query: URLSearchParams, signal: AbortSignal): Response {
    this.watches += 1
    const after = Number(query.get('resourceVersion'))
    const mishap = this.mishap()
    if (mishap === 'refuse') return statusAnswer(500, 'InternalError')
    if (after < this.#forgotten) return statusAnswer(410, 'Expired')
    const missed = this.#lines.filter(line => line.revision > after)
    let own: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start: controller => {
        own = controller
        for (const { text } of missed) controller.enqueue(Buffer.from(text))
        if (mishap === 'expire') controller.enqueue(Buffer.from(`${EXPIRED}\n`))
        if (mishap === 'none') this.watching.add(controller)
        else controller.close()
      },
      cancel: () => void this.watching.delete(own!),
    })
    signal.addEventListener('abort', () => this.watching.delete(own!))
    return new Response(body)
  }

  #tell(type: string, name: string, object: KubeObject): void {
    const text = `${JSON.stringify({ type, object })}\n`
    this.history.push({ type, name, revision: this.#revision })
    this.#lines.push({ revision: this.#revision, text })
    // In two pieces: lines do not come as they were written.
    const half = Math.floor(text.length / 2)
    for (const controller of this.watching) {
      controller.enqueue(Buffer.from(text.slice(0, half)))
      controller.enqueue(Buffer.from(text.slice(half)))
    }
  }
}

function thing(name: string, uid: string, revision: number): KubeObject {
  const metadata = { namespace: 'n', name, uid, resourceVersion: String(revision), creationTimestamp: '' }
  return { apiVersion: 'test/v1', kind: 'Thing', metadata }
}

const EXPIRED = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } })

function statusAnswer(code: number, reason: string): Response {
  return Response.json({ kind: 'Status', status: 'Failure', message: 'refused', reason, code }, { status: code })
}
