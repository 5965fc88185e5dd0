import { type Clock, isFault, orAborted, Turns } from '#base'
import {
  apiVersionOf,
  isJsonObject,
  isKubeObject,
  type Json,
  type JsonObject,
  type KubeObject,
  listAt,
  textAt,
} from '#schema'
import { type ApiResource, pathOf, type Place } from './api-resource.ts'
import { openDeadline, within } from './deadline.ts'
import { clientFault } from './faults.ts'
import { LIST_TRIES_MAX, PAGE_OBJECTS, REQUEST_MS_MAX, WATCH_GRACE_MS } from './limits.ts'
import { answerOf, transportFault } from './request/answer.ts'
import { eventsOf, type WatchEvent } from './request/watch.ts'
import type { Deletion, ObjectList, Patch, PatchType, Selection, WatchFrom } from './selection.ts'
import { API_ORIGIN, type Transport } from './transport.ts'

/**
 * Requests to an API, whatever carries them. Faults: those of `faults.ts`; the signal's reason. Aborting ends the wait: a
 * change may have been made.
 */
export class Client {
  /** Whoever has long work on what was answered takes them. */
  readonly turns: Turns
  readonly #transport: Transport
  readonly #clock: Clock

  constructor({ transport, clock }: { readonly transport: Transport; readonly clock: Clock }) {
    this.#transport = transport
    this.#clock = clock
    this.turns = Turns.of(clock)
  }

  async get(resource: ApiResource, place: Place, signal: AbortSignal): Promise<KubeObject> {
    return objectOf(await this.request({ method: 'GET', path: pathOf(resource, place) }, signal))
  }

  /** The object; undefined when there is none. */
  async find(resource: ApiResource, place: Place, signal: AbortSignal): Promise<KubeObject | undefined> {
    return this.get(resource, place, signal).catch(ifFault('NotFound'))
  }

  /** A page of a list: the first, or the one behind `next` of the page before. Faults: Expired. */
  async list(
    resource: ApiResource,
    wanted: Selection & { readonly limit?: number | undefined; readonly next?: string | undefined },
    signal: AbortSignal,
  ): Promise<ObjectList> {
    const { limit = PAGE_OBJECTS, next } = wanted
    const query = queryOf({ ...selectorsOf(wanted), limit: String(limit), continue: next })
    const path = `${pathOf(resource, { namespace: wanted.namespace })}${query}`
    const accept = wanted.view === 'metadata' ? `${METADATA}List;${VERSION}` : JSON_TYPE
    const answer = await this.request({ method: 'GET', path, accept }, signal)
    const token = textAt(answer, 'metadata', 'continue')
    return {
      revision: textAt(answer, 'metadata', 'resourceVersion') ?? '',
      objects: listAt(answer, 'items').map(item => itemOf(resource, item)),
      next: token === '' ? undefined : token,
    }
  }

  /** All pages of a list, at one revision, each in its turn; begun anew when that was forgotten meanwhile. */
  async listAll(resource: ApiResource, wanted: Selection, signal: AbortSignal): Promise<ObjectList> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#pages(resource, wanted, signal).catch((error: unknown) => {
        if (!isFault(error, 'Expired') || attempt === LIST_TRIES_MAX) throw error
        return undefined
      })
      if (found !== undefined) return found
    }
  }

  /** Makes an object. Faults: AlreadyExists, Invalid. */
  async create(resource: ApiResource, object: JsonObject, signal: AbortSignal): Promise<KubeObject> {
    const namespace = textAt(object, 'metadata', 'namespace')
    return objectOf(await this.request({ method: 'POST', path: pathOf(resource, { namespace }), body: object }, signal))
  }

  /** Replaces an object, only as it was read when it names its resourceVersion. Faults: NotFound, Conflict, Invalid. */
  update(resource: ApiResource, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    return this.updatePart(resource, undefined, object, signal)
  }

  /** As {@link update}, only its status. */
  updateStatus(resource: ApiResource, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    return this.updatePart(resource, 'status', object, signal)
  }

  /** As {@link update}, through a subresource. */
  async updatePart(
    resource: ApiResource,
    part: string | undefined,
    object: KubeObject,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const { namespace, name } = object.metadata
    const path = pathOf(resource, { namespace, name, ...(part === undefined ? {} : { part }) })
    return objectOf(await this.request({ method: 'PUT', path, body: object }, signal))
  }

  /** Patches an object as it is. Faults: NotFound, Conflict, Invalid. */
  async patch(resource: ApiResource, place: Place, patch: Patch, signal: AbortSignal): Promise<KubeObject> {
    const { type, body, part, fieldManager, isForced } = patch
    const query = queryOf({ fieldManager, force: isForced === true ? 'true' : undefined })
    const path = `${pathOf(resource, { ...place, ...(part === undefined ? {} : { part }) })}${query}`
    return objectOf(await this.request({ method: 'PATCH', path, body, type: PATCH_TYPES[type] }, signal))
  }

  /**
   * Deletes an object, at once or when its finalizers have gone: answers it as it then still is, undefined when it is gone.
   * Faults: NotFound, Conflict.
   */
  async delete(
    resource: ApiResource,
    place: Place,
    deletion: Deletion,
    signal: AbortSignal,
  ): Promise<KubeObject | undefined> {
    const { uid, resourceVersion, propagation, graceSeconds } = deletion
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
      ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
      ...(uid === undefined && resourceVersion === undefined ? {} : { preconditions: { uid, resourceVersion } }),
    }
    const answer = await this.request({ method: 'DELETE', path: pathOf(resource, place), body }, signal)
    return answer['kind'] === 'Status' ? undefined : objectOf(answer)
  }

  /** Changes behind a revision, in order, until the server ends the watch in good time. Faults: Expired. */
  async *watch(
    resource: ApiResource,
    wanted: Selection & WatchFrom,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent, void, undefined> {
    const times = { resourceVersion: wanted.after, timeoutSeconds: String(wanted.seconds) }
    const query = queryOf({ ...selectorsOf(wanted), ...times, watch: 'true', allowWatchBookmarks: 'true' })
    const path = `${pathOf(resource, { namespace: wanted.namespace })}${query}`
    const what = `watch ${resource.plural}`
    const ms = wanted.seconds * 1000 + WATCH_GRACE_MS
    using deadline = openDeadline({ clock: this.#clock, ms, what }, signal)
    const headers = { accept: wanted.view === 'metadata' ? `${METADATA};${VERSION}` : JSON_TYPE }
    try {
      const request = endedBy(new Request(`${API_ORIGIN}${path}`, { headers }), deadline.signal)
      const response = await orAborted(this.#transport(request), deadline.signal)
      if (!response.ok || response.body === null) {
        await answerOf(response, what)
        throw clientFault('InternalError', `${what}: answered without a body`)
      }
      yield* eventsOf(abortable(response.body, deadline.signal), what)
    } catch (error) {
      throw transportFault(error, what, deadline.signal)
    }
  }

  /** One request for any path; answers the JSON object. */
  async request(asked: Asked, signal: AbortSignal): Promise<JsonObject> {
    const what = `${asked.method} ${asked.path.split('?', 1)[0]}`
    return within({ clock: this.#clock, ms: REQUEST_MS_MAX, what }, signal, async until => {
      try {
        return await answerOf(await this.#transport(requestOf(asked, until)), what)
      } catch (error) {
        throw transportFault(error, what, until)
      }
    })
  }

  async #pages(resource: ApiResource, wanted: Selection, signal: AbortSignal): Promise<ObjectList> {
    const objects: KubeObject[] = []
    let next: string | undefined
    for (;;) {
      await this.turns.take(signal)
      const page: ObjectList = await this.list(resource, { ...wanted, next }, signal)
      for (const object of page.objects) objects.push(object)
      if (page.next === undefined) return { revision: page.revision, objects, next: undefined }
      next = page.next
    }
  }
}

/** Answers undefined for a fault with this code; throws any other. For `catch`. */
export function ifFault(code: string): (error: unknown) => undefined {
  return error => {
    if (!isFault(error, code)) throw error
    return undefined
  }
}

/** One request. `path` begins with `/` and may have a query. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: Json | undefined
  /** The media type of the body; JSON when undefined. */
  readonly type?: string | undefined
  readonly accept?: string | undefined
}

function requestOf({ method, path, body, type = JSON_TYPE, accept = JSON_TYPE }: Asked, signal: AbortSignal): Request {
  const headers = { accept, 'user-agent': AGENT, ...(body === undefined ? {} : { 'content-type': type }) }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  return endedBy(new Request(`${API_ORIGIN}${path}`, { method, headers, ...sent }), signal)
}

// Given to its constructor, a signal is followed until the request is collected: thousands of those that end at once block the
// event loop for 10 ms.
function endedBy(request: Request, signal: AbortSignal): Request {
  return Object.defineProperty(request, 'signal', { value: signal })
}

// A body of this process does not know the request's signal: reading it ends with the signal all the same.
async function* abortable(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  const abort = (): void => {
    reader.cancel(signal.reason).catch(() => undefined)
  }
  // It may have aborted since the body came.
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    for (;;) {
      const { done, value } = await reader.read()
      signal.throwIfAborted()
      if (done) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    await reader.cancel().catch(() => undefined)
  }
}

function objectOf(value: Json): KubeObject {
  if (!isKubeObject(value)) throw clientFault('InternalError', 'the answer is no object of the API')
  return value
}

// Items of lists may leave out what the list says for all of them.
function itemOf({ group, version, kind }: ApiResource, value: Json): KubeObject {
  if (!isJsonObject(value)) throw clientFault('InternalError', 'an item of a list is no object')
  return objectOf({ apiVersion: apiVersionOf(group, version), kind, ...value })
}

function selectorsOf({ labels, fields }: Selection) {
  return { labelSelector: labels, fieldSelector: fields }
}

function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, value)
  return query.size === 0 ? '' : `?${query}`
}

const JSON_TYPE = 'application/json'
const METADATA = 'application/json;as=PartialObjectMetadata'
const VERSION = 'g=meta.k8s.io;v=v1'

const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

// In `managedFields` what it has set carries this name.
const AGENT = 'cairn'
