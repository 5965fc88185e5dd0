import type { Clock } from '#base'
import type { Caller } from '#identity'
import { isJsonObject, type Json, type KubeObject, type Resource, textAt } from '#schema'
import type { Clients } from '../clients.ts'
import { apiFault } from '../faults.ts'
import type { Lasting } from '../lasting.ts'
import type { DeleteOptions } from '../objects/deletion.ts'
import type { Objects, WriteOptions } from '../objects/objects.ts'
import type { Observer } from '../observer.ts'
import type { Registry } from '../registry.ts'
import { readAll, readSentInSteps, type Sent } from '../request/body.ts'
import { deleteOptionsOf } from '../request/delete-options.ts'
import { fieldManagerOf } from '../request/field-manager.ts'
import { isDryRun, unknownsOf } from '../request/parameters.ts'
import type { ResourceTarget } from '../request/path.ts'
import type { ObjectPlace } from '../store/object-store.ts'
import type { Feeds } from '../watch/feeds.ts'

/** A request for a resource or one of its objects, once it is known and allowed. */
export interface ResourceRequest {
  readonly request: Request
  readonly query: URLSearchParams
  readonly target: ResourceTarget
  readonly resource: Resource
  readonly caller: Caller
  readonly guard: WriteGuard
  /** For who reads later what was done: nothing is to be changed, which parameters do not say. */
  readonly noteDryRun: () => void
  /** Refuses a caller who may not do this with the same object. Faults: Forbidden. */
  readonly demand: (verb: string) => Promise<void>
  /** Looks after an answer that goes on for long; its signal aborts when the caller may have no more of it. */
  readonly last: () => Lasting
  readonly signal: AbortSignal
}

/** Refuses what somebody may not make of an object; `old` is what it was. Faults: Forbidden. */
export type WriteGuard = (caller: Caller, resource: Resource, next: KubeObject, old: KubeObject | undefined) => void

/** What the routes work with. */
export interface RouteParts {
  readonly registry: Registry
  readonly clients: Clients
  readonly observer: Observer
  readonly feeds: Feeds
  readonly objects: Objects
  readonly clock: Clock
}

/** The object that a request names. */
export function placeOf({ namespace, name = '' }: ResourceTarget): ObjectPlace {
  return { namespace, name }
}

/** How something is to be deleted, by parameters or the body. Faults: BadRequest, Invalid. */
export async function deletionOf({ request, query, noteDryRun }: ResourceRequest): Promise<DeleteOptions> {
  const options = await deleteOptionsOf(request, query)
  if (options.isDryRun) noteDryRun()
  return options
}

/** How a write is to be done, by its parameters. Faults: BadRequest. */
export function writeOptionsOf(asked: ResourceRequest, isApply = false): WriteOptions {
  const { request, query, guard, caller, resource } = asked
  const kind = OPTIONS[request.method] ?? 'PatchOptions'
  return {
    unknowns: unknownsOf(query),
    isDryRun: isDryRun(query),
    manager: fieldManagerOf(query, request.headers.get('user-agent'), { kind, isApply }),
    author: caller,
    guard: (next, old) => guard(caller, resource, next, old),
  }
}

const OPTIONS: Readonly<Record<string, 'CreateOptions' | 'UpdateOptions'>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
}

/** The body of a request, once it is its turn to be worked on: of many that come together some wait. */
export async function sentBytes(
  { objects }: Pick<RouteParts, 'objects'>,
  { request, signal }: Pick<ResourceRequest, 'request' | 'signal'>,
): Promise<Buffer> {
  const bytes = await readAll(request)
  await objects.turns.takeAhead(signal)
  return bytes
}

/** The object a client sent. Faults: BadRequest, RequestEntityTooLarge, UnsupportedMediaType. */
export async function sentObject(
  parts: RouteParts,
  asked: ResourceRequest,
): Promise<Sent & { readonly options: WriteOptions }> {
  const { request, resource, signal } = asked
  const contentType = request.headers.get('content-type') ?? ''
  const body = { bytes: await sentBytes(parts, asked), contentType, shape: resource.shape }
  const sent = await readSentInSteps(body, parts.objects.turns.steps(signal))
  return { ...sent, options: writeOptionsOf(asked) }
}

/** The object a client sent to replace another, which it must name. Faults: BadRequest, those of {@link sentObject}. */
export async function sentReplacement(
  parts: RouteParts,
  asked: ResourceRequest,
): Promise<Sent & { readonly options: WriteOptions }> {
  const sent = await sentObject(parts, asked)
  refuseUnnamed(asked.target, sent.body)
  return sent
}

/** Refuses an object without its name (k8s.io/apiserver/pkg/endpoints/handlers checkName). Faults: BadRequest. */
export function refuseUnnamed({ name = '' }: ResourceTarget, body: Json): void {
  if (!isJsonObject(body) || (textAt(body, 'metadata', 'name') ?? '') !== '') return
  const said = `the name of the object (${name} based on URL) was undeterminable: name must be provided`
  throw apiFault('BadRequest', said)
}

/** Refuses a path below an object that is none of those known. Faults: NotFound. */
export function refuseSubresource({ subresource }: ResourceTarget, known: readonly string[]): void {
  if (subresource === undefined || known.includes(subresource)) return
  throw apiFault('NotFound', `the server could not find the requested resource: ${subresource}`)
}

/** Milliseconds since 1970. */
export function nowMsOf({ clock }: Pick<RouteParts, 'clock'>): number {
  return Number(clock.wallNs() / 1_000_000n)
}
