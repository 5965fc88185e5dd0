import { type Clock, type Fault, isFault } from '#base'
import {
  apiVersionOf,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubeObject,
  jsonAt,
  kubernetesShape,
  numberAt,
  type Resource,
  textAt,
} from '#schema'
import { type Form, formOf } from '../answers/negotiate.ts'
import { partialOf, tableOf } from '../answers/table.ts'
import { apiFault } from '../faults.ts'
import { WATCH_SECONDS_MIN } from '../limits.ts'
import { listObjects } from '../objects/list.ts'
import { type Objects, revisionOf } from '../objects/objects.ts'
import type { Prepared } from '../objects/prepare.ts'
import { watchObjects } from '../objects/watch.ts'
import { readPatch } from '../patch/read.ts'
import { mediaType, parseBody, readAll } from '../request/body.ts'
import { continueOf, continueText, countOf, flagOf, includeOf, isDryRun, unknownsOf } from '../request/parameters.ts'
import type { ResourceTarget } from '../request/path.ts'
import { fieldSelector, labelSelector, type Matches } from '../request/selectors.ts'
import { faultOf, statusOf } from '../status.ts'

/** A request for a resource or one of its objects, once it is known and allowed. */
export interface ResourceRequest {
  readonly request: Request
  readonly query: URLSearchParams
  readonly target: ResourceTarget
  readonly resource: Resource
  readonly signal: AbortSignal
}

/** What the routes work with. */
export interface RouteParts {
  readonly objects: Objects
  readonly clock: Clock
}

/** The verb of a request, as RBAC names it; undefined for a method that does nothing there. */
export function verbOf(method: string, target: ResourceTarget, query: URLSearchParams): string | undefined {
  const isOne = target.name !== undefined
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (target.isWatch || flagOf(query, 'watch')) return 'watch'
      return isOne ? 'get' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return isOne ? 'update' : undefined
    case 'PATCH':
      return isOne ? 'patch' : undefined
    case 'DELETE':
      return isOne ? 'delete' : 'deletecollection'
    default:
      return undefined
  }
}

/** Answers a request by its verb. Faults: those of the API. */
export async function answerResource(parts: RouteParts, verb: string, asked: ResourceRequest): Promise<Response> {
  switch (verb) {
    case 'get':
      return answerObject(parts, asked, 200, { object: await getObject(parts, asked), warnings: [] })
    case 'list':
      return answerList(parts, asked)
    case 'watch':
      return answerWatch(parts, asked)
    case 'create':
      return answerObject(parts, asked, 201, await createObject(parts, asked))
    case 'update':
      return answerObject(parts, asked, 200, await updateObject(parts, asked))
    case 'patch':
      return answerObject(parts, asked, 200, await patchObject(parts, asked))
    case 'delete':
      return deleteObject(parts, asked)
    case 'deletecollection':
      return deleteCollection(parts, asked)
    default:
      throw apiFault('MethodNotAllowed', `the server does not allow this method on the requested resource: ${verb}`)
  }
}

function getObject({ objects }: RouteParts, { resource, target, signal }: ResourceRequest): Promise<KubeObject> {
  refuseSubresource(target, ['status'])
  return objects.store.get(resource, placeOf(target), signal)
}

async function createObject({ objects }: RouteParts, asked: ResourceRequest): Promise<Prepared> {
  const { resource, target, signal } = asked
  if (target.name !== undefined) throw apiFault('MethodNotAllowed', 'objects are made by POST to their collection')
  return objects.create(resource, { namespace: target.namespace, name: undefined }, await changeOf(asked), signal)
}

async function updateObject({ objects }: RouteParts, asked: ResourceRequest): Promise<Prepared> {
  const { resource, target, signal } = asked
  refuseSubresource(target, resource.hasStatus ? ['status'] : [])
  const part = target.subresource === 'status' ? 'status' : 'object'
  return objects.update(resource, placeOf(target), { ...(await changeOf(asked)), part }, signal)
}

async function patchObject({ objects }: RouteParts, asked: ResourceRequest): Promise<Prepared> {
  const { resource, target, signal, request, query } = asked
  refuseSubresource(target, resource.hasStatus ? ['status'] : [])
  const part = target.subresource === 'status' ? 'status' : 'object'
  const patch = readPatch(resource, mediaType(request.headers.get('content-type') ?? ''), await readAll(request.body))
  const options = { unknowns: unknownsOf(query), isDryRun: isDryRun(query) }
  return objects.patch(resource, placeOf(target), { patch, options, part }, signal)
}

async function deleteObject(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, target, signal, query } = asked
  refuseSubresource(target, [])
  const { object, isGone } = await parts.objects.delete(
    resource,
    placeOf(target),
    await deleteOptions(asked, query),
    signal,
  )
  if (!isGone) return answerObject(parts, asked, 200, { object, warnings: [] })
  const { name, uid } = object.metadata
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural, uid }
  return json(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })
}

async function deleteCollection(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, signal, query } = asked
  const options = await deleteOptions(asked, query)
  const listed = await listObjects(
    parts.objects.store,
    resource,
    { ...listOf(asked), limit: undefined, from: undefined },
    signal,
  )
  for (const { metadata } of listed.objects) {
    const place = { namespace: metadata.namespace, name: metadata.name }
    await parts.objects.delete(resource, place, { ...options, uid: metadata.uid }, signal).catch(ignoreGone)
  }
  return json(200, listBody(resource, listed.objects, { resourceVersion: String(listed.revision) }))
}

async function answerList(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, signal, query } = asked
  const { revision, objects, next } = await listObjects(parts.objects.store, resource, listOf(asked), signal)
  const metadata = {
    resourceVersion: String(revision),
    ...(next === undefined ? {} : { continue: continueText(next) }),
  }
  const form = formOf(asked.request.headers.get('accept') ?? '')
  if (form === 'table')
    return json(200, tableOf(resource, objects, { include: includeOf(query), metadata, nowMs: nowMs(parts) }))
  if (form === 'object') return json(200, listBody(resource, objects, metadata))
  const items = objects.map(partialOf)
  return json(200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items })
}

function answerWatch(parts: RouteParts, asked: ResourceRequest): Response {
  const { resource, query, target } = asked
  const seconds = countOf(query, 'timeoutSeconds') ?? WATCH_SECONDS_MIN * 2
  const signal = signalFor(parts.clock, seconds * 1000, asked.signal)
  const version = query.get('resourceVersion') ?? ''
  const wantsInitialEnd = flagOf(query, 'sendInitialEvents')
  const wantsBookmarks = flagOf(query, 'allowWatchBookmarks')
  const { matches } = listOf(asked)
  const request = {
    namespace: target.namespace,
    matches: target.name === undefined ? matches : both(matches, ({ metadata }) => metadata.name === target.name),
    after: wantsInitialEnd || version === '' || version === '0' ? undefined : revisionOf(version),
    wantsBookmarks,
    wantsInitialEnd: wantsInitialEnd && wantsBookmarks,
    show: shower(parts, asked),
  }
  const events = watchObjects({ store: parts.objects.store, clock: parts.clock }, resource, request, signal)
  return new Response(linesOf(events, signal), { status: 200, headers: { 'content-type': 'application/json' } })
}

// Aborts with `signal`, or after so long.
function signalFor(clock: Clock, ms: number, signal: AbortSignal): AbortSignal {
  const ended = new AbortController()
  clock.sleep(ms, signal).then(
    () => ended.abort(),
    () => ended.abort(),
  )
  return ended.signal
}

function shower(parts: RouteParts, { request, resource, query }: ResourceRequest): (object: KubeObject) => JsonObject {
  const form = formOf(request.headers.get('accept') ?? '')
  const include = includeOf(query)
  let isFirst = true
  return object => {
    if (form === 'object') return object
    if (form === 'partial') return partialOf(object)
    const metadata = { resourceVersion: object.metadata.resourceVersion }
    const table = tableOf(resource, [object], { include, metadata, nowMs: nowMs(parts) })
    const shown = isFirst ? table : { ...table, columnDefinitions: null }
    isFirst = false
    return shown
  }
}

// One JSON document a line; a fault in the middle is a line of its own, as client-go expects.
function linesOf(events: AsyncGenerator<JsonObject>, signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await events.next()
        if (next.done === true) controller.close()
        else controller.enqueue(Buffer.from(`${JSON.stringify(next.value)}\n`))
      } catch (error) {
        if (!signal.aborted) {
          controller.enqueue(Buffer.from(`${JSON.stringify({ type: 'ERROR', object: statusOf(faultOf(error)) })}\n`))
        }
        controller.close()
      }
    },
    async cancel() {
      await events.return(undefined)
    },
  })
}

function answerObject(parts: RouteParts, asked: ResourceRequest, status: number, prepared: Prepared): Response {
  const form: Form = formOf(asked.request.headers.get('accept') ?? '')
  const { object, warnings } = prepared
  const body =
    form === 'object'
      ? object
      : form === 'partial'
        ? partialOf(object)
        : tableOf(asked.resource, [object], {
            include: includeOf(asked.query),
            metadata: { resourceVersion: object.metadata.resourceVersion },
            nowMs: nowMs(parts),
          })
  return json(status, body, warnings)
}

/** An answer in JSON. Warnings go as kubectl prints them: RFC 7234, section 5.5, code 299. */
export function json(status: number, body: Json, warnings: readonly string[] = []): Response {
  const headers = new Headers({ 'content-type': 'application/json' })
  for (const warning of warnings) headers.append('warning', `299 - ${JSON.stringify(warning)}`)
  return new Response(JSON.stringify(body), { status, headers })
}

function listBody(resource: Resource, objects: readonly KubeObject[], metadata: JsonObject): JsonObject {
  const apiVersion = apiVersionOf(resource.group, resource.version)
  return { kind: `${resource.kind}List`, apiVersion, metadata, items: objects }
}

function listOf({ query, resource, target }: ResourceRequest) {
  const labels = labelSelector(query.get('labelSelector') ?? '')
  const fields = fieldSelector(query.get('fieldSelector') ?? '', resource)
  const version = query.get('resourceVersion') ?? ''
  const isExact = query.get('resourceVersionMatch') === 'Exact'
  return {
    namespace: target.namespace,
    matches: labels === undefined ? fields : both(fields, labels),
    limit: countOf(query, 'limit'),
    from: continueOf(query),
    revision: isExact ? revisionOf(version) : undefined,
  }
}

function both(one: Matches | undefined, other: Matches): Matches {
  return one === undefined ? other : object => one(object) && other(object)
}

async function changeOf({ request, query, resource }: ResourceRequest) {
  const body = parseBody(await readAll(request.body), request.headers.get('content-type') ?? '', resource.shape)
  return { body, options: { unknowns: unknownsOf(query), isDryRun: isDryRun(query) } }
}

async function deleteOptions({ request }: ResourceRequest, query: URLSearchParams) {
  const bytes = await readAll(request.body)
  const type = request.headers.get('content-type') ?? ''
  const body = bytes.length === 0 ? {} : parseBody(bytes, type, kubernetesShape('V1DeleteOptions'))
  if (!isJsonObject(body)) throw apiFault('BadRequest', 'the body must be DeleteOptions')
  const isDry = isDryRun(query) || (Array.isArray(jsonAt(body, 'dryRun')) && jsonAt(body, 'dryRun', 'length') !== 0)
  return {
    isDryRun: isDry,
    uid: textAt(body, 'preconditions', 'uid'),
    resourceVersion: textAt(body, 'preconditions', 'resourceVersion'),
    gracePeriodSeconds: numberAt(body, 'gracePeriodSeconds') ?? countOf(query, 'gracePeriodSeconds'),
  }
}

function placeOf({ namespace, name = '' }: ResourceTarget) {
  return { namespace, name }
}

function refuseSubresource({ subresource }: ResourceTarget, known: readonly string[]): void {
  if (subresource === undefined || known.includes(subresource)) return
  throw apiFault('NotFound', `the server could not find the requested resource: ${subresource}`)
}

function ignoreGone(error: unknown): void {
  const isGone = isFault(error, 'NotFound') || isFault(error, 'Conflict')
  if (!isGone) throw error as Fault
}

function nowMs({ clock }: RouteParts): number {
  return Number(clock.wallNs() / 1_000_000n)
}
