import { type Clock, type Entropy, isFault, runSteps } from '#base'
import {
  countsGenerations,
  type Decoded,
  decode,
  type Json,
  type JsonObject,
  isJsonObject,
  isSameJson,
  type KubeObject,
  metaErrors,
  type ObjectMeta,
  type Resource,
  apiVersionOf,
  textAt,
  withoutEmpty,
  wordOf,
} from '#schema'
import { apiFault } from '../faults.ts'
import { refuseInvalid } from '../refusal.ts'
import { qualified } from '../store/object-store.ts'
import { keepFinalizers } from './namespaces.ts'
import { uuidOf } from './uuid.ts'

/** What preparing objects needs. */
export interface PrepareParts {
  readonly clock: Clock
  readonly entropy: Entropy
}

/** Where the path says the object is. */
export interface Named {
  readonly namespace: string | undefined
  /** Undefined when the object is made: its body names it. */
  readonly name: string | undefined
}

/** What fields that a kind does not know do. */
export type Unknowns = 'Strict' | 'Warn' | 'Ignore'

/** An object ready to be stored, and what the client is warned of. */
export interface Prepared {
  readonly object: KubeObject
  readonly warnings: readonly string[]
}

/** A body, as it was sent or as a patch made it. */
export interface Body {
  readonly body: Json
  /** Paths of fields that stand twice in it. */
  readonly duplicates?: readonly string[]
  /** What its sender is told who sent values of other types, or fields that there are not; of a body of his when undefined. */
  readonly refusal?: (said: string) => Error
}

/** A body as an object of its kind, with the name and namespace of the path. Faults: BadRequest, or those of the refusal. */
export function readBody(resource: Resource, sent: Body, named: Named, unknowns: Unknowns): Prepared {
  const { body, duplicates = [] } = sent
  const refusal = sent.refusal ?? (said => unhandled(resource, body, said))
  if (!isJsonObject(body))
    throw refusal(`json: cannot unmarshal ${typeWord(body)} into Go value of type ${resource.kind}`)
  refuseOther(resource, body)
  const { value, unknown } = decoded(resource, body, refusal)
  const warnings = [
    ...unknown.map(path => `unknown field "${path}"`),
    ...duplicates.map(path => `duplicate field "${path}"`),
  ]
  if (unknowns === 'Strict' && warnings.length > 0) throw refusal(`strict decoding error: ${warnings.join(', ')}`)
  const apiVersion = apiVersionOf(resource.group, resource.version)
  const metadata = metadataOf(value['metadata'], resource, named)
  const object = { ...value, apiVersion, kind: resource.kind, metadata }
  return { object, warnings: unknowns === 'Warn' ? warnings : [] }
}

function decoded(resource: Resource, body: JsonObject, refusal: (said: string) => Error): Decoded {
  try {
    return decode(resource.shape, body)
  } catch (error) {
    if (isFault(error, 'BadRequest')) throw refusal(error.message)
    throw error
  }
}

// k8s.io/apiserver/pkg/endpoints/handlers transformDecodeError.
function unhandled({ group, version, kind }: Resource, body: Json, said: string): Error {
  const sentKind = textAt(body, 'kind') || kind
  const sentVersion = (textAt(body, 'apiVersion') || apiVersionOf(group, version)).split('/').at(-1) ?? ''
  return apiFault('BadRequest', `${sentKind} in version "${sentVersion}" cannot be handled as a ${kind}: ${said}`)
}

function typeWord(value: Json): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value
}

/** A new object with all that it gets when it is made, in steps. Faults: Invalid. */
export function* preparingNew(parts: PrepareParts, resource: Resource, read: KubeObject): Generator<void, KubeObject> {
  const { clock, entropy } = parts
  const {
    resourceVersion,
    deletionTimestamp: _d,
    deletionGracePeriodSeconds: _g,
    selfLink: _s,
    ...given
  } = read.metadata
  const metadata: ObjectMeta = {
    ...given,
    uid: uuidOf(entropy.bytes(16)),
    creationTimestamp: timeOf(clock),
    generation: countsGenerations(resource) ? 1 : undefined,
  }
  const object = resource.defaults(
    withoutEmpty(resource.shape, withoutStatus(resource, { ...read, metadata: defined(metadata) })),
  )
  yield
  yield* checking(resource, object, undefined)
  if (!ANY_REVISION.has(resourceVersion ?? '')) {
    throw apiFault('BadRequest', 'resourceVersion should not be set on objects to be created')
  }
  return object
}

/** What an object becomes by an update, in steps: what only the API sets is kept. Faults: Invalid, Conflict. */
export function* preparingUpdate(resource: Resource, read: KubeObject, old: KubeObject): Generator<void, KubeObject> {
  refuseOtherUid(resource, read, old)
  const merged: KubeObject = { ...read, metadata: keptMetadata(read, old) }
  const given = withoutEmpty(resource.shape, resource.hasStatus ? withField(merged, 'status', old['status']) : merged)
  yield
  const object = keepFinalizers(resource, resource.defaults(given, old), old)
  const next = { ...object, metadata: { ...object.metadata, ...nextGeneration(resource, object, old) } }
  yield
  yield* checking(resource, next, old)
  return next
}

// What an update never changes is as it was; the rules see to what it must not change.
function keptMetadata({ metadata }: KubeObject, old: KubeObject): ObjectMeta {
  const { creationTimestamp, uid, generation, resourceVersion } = old.metadata
  const { selfLink: _, ...given } = metadata
  return defined({
    ...given,
    creationTimestamp,
    uid,
    generation,
    resourceVersion,
    deletionTimestamp: old.metadata.deletionTimestamp ?? metadata.deletionTimestamp,
    deletionGracePeriodSeconds: metadata.deletionGracePeriodSeconds ?? old.metadata.deletionGracePeriodSeconds,
  })
}

function refuseOtherUid(resource: Resource, { metadata }: KubeObject, old: KubeObject): void {
  const { name, uid } = old.metadata
  if (metadata.uid === '' || metadata.uid === uid) return
  const said = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${uid}`
  throw apiFault('Conflict', `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${said}`)
}

/** What an object becomes by an update of its status, in steps: all but that is kept. Faults: Invalid. */
export function* preparingStatus(resource: Resource, read: KubeObject, old: KubeObject): Generator<void, KubeObject> {
  const object = withoutEmpty(resource.shape, withField(old, 'status', read['status']))
  yield
  yield* checking(resource, object, old)
  return object
}

/** What an object becomes by an update of another part of it, below its name. Faults: Invalid. */
export function preparePart(
  resource: Resource,
  write: (old: KubeObject, sent: KubeObject) => KubeObject,
  read: KubeObject,
  old: KubeObject,
): KubeObject {
  const object = withoutEmpty(resource.shape, write(old, read))
  const next = { ...object, metadata: { ...object.metadata, ...nextGeneration(resource, object, old) } }
  runSteps(checking(resource, next, old))
  return next
}

/** The time as Kubernetes writes it, to the second. */
export function timeOf(clock: Clock): string {
  return `${new Date(Number(clock.wallNs() / 1_000_000n)).toISOString().slice(0, 19)}Z`
}

function* checking(resource: Resource, object: KubeObject, old: KubeObject | undefined): Generator<void, void> {
  const { missing } = decode(resource.shape, object)
  yield
  const errors = [...metaErrors(resource, object, old), ...resource.validate(object, old), ...missing]
  if (errors.length === 0) return
  const seen = new Set<string>()
  const once = errors.filter(({ field, reason }) => !seen.has(`${field} ${reason}`) && seen.add(`${field} ${reason}`))
  refuseInvalid({ group: resource.group, kind: resource.kind, name: object.metadata.name }, once)
}

// Kubernetes counts changes of a deployment's annotations too: they go to its replica sets.
function nextGeneration(resource: Resource, object: KubeObject, old: KubeObject): { readonly generation?: number } {
  const { generation } = old.metadata
  if (generation === undefined) return {}
  const wanted = ({ metadata, status, ...rest }: KubeObject): JsonObject => ({
    ...rest,
    ...(resource.hasStatus ? {} : { status }),
    ...(resource.group === 'apps' && resource.plural === 'deployments' ? { annotations: metadata.annotations } : {}),
  })
  return { generation: isSameJson(wanted(object), wanted(old)) ? generation : generation + 1 }
}

function withoutStatus(resource: Resource, object: KubeObject): KubeObject {
  return resource.hasStatus ? withField(object, 'status', undefined) : object
}

function withField(object: KubeObject, name: string, value: Json | undefined): KubeObject {
  const { [name]: _, ...rest } = object
  const { apiVersion, kind, metadata } = object
  return { ...rest, apiVersion, kind, metadata, ...(value === undefined ? {} : { [name]: value }) }
}

function metadataOf(given: Json | undefined, resource: Resource, named: Named): ObjectMeta {
  const meta = isJsonObject(given) ? given : {}
  const name = typeof meta['name'] === 'string' ? meta['name'] : (named.name ?? '')
  if (named.name !== undefined && name !== named.name) {
    throw apiFault('BadRequest', `the name of the object (${name}) does not match the name on the URL (${named.name})`)
  }
  const inside = typeof meta['namespace'] === 'string' && meta['namespace'] !== '' ? meta['namespace'] : named.namespace
  if (resource.isNamespaced && inside !== named.namespace) {
    throw apiFault(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  const uid = typeof meta['uid'] === 'string' ? meta['uid'] : ''
  const created = typeof meta['creationTimestamp'] === 'string' ? meta['creationTimestamp'] : ''
  const { namespace: _, ...rest } = meta
  const namespace = inside === undefined ? {} : { namespace: inside }
  return { ...rest, ...namespace, name, uid, creationTimestamp: created }
}

function defined(meta: ObjectMeta): ObjectMeta {
  const entries = Object.entries(meta).filter(([, value]) => value !== undefined)
  return { name: meta.name, uid: meta.uid, creationTimestamp: meta.creationTimestamp, ...Object.fromEntries(entries) }
}

// What is left out is what the path says. k8s.io/apiserver/pkg/endpoints/handlers createHandler.
function refuseOther(resource: Resource, body: JsonObject): void {
  const { group, version, kind } = resource
  const [wanted, given] = [apiVersionOf(group, version), wordOf(body['apiVersion'])]
  const sentKind = wordOf(body['kind'])
  if (given !== '' && given !== wanted) {
    const said = `the API version in the data (${given}) does not match the expected API version (${wanted})`
    throw apiFault('BadRequest', said)
  }
  if (sentKind === '' || sentKind === kind) return
  throw unhandled(resource, body, `converting (${wanted}.${sentKind}) to (${wanted}.${kind}): unknown conversion`)
}

const ANY_REVISION: ReadonlySet<string> = new Set(['', '0'])
