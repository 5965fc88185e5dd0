import type { Clock, Entropy } from '#base'
import {
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
  withoutEmpty,
} from '#schema'
import { apiFault } from '../faults.ts'
import { refuseInvalid } from '../refusal.ts'
import { keepFinalizers } from './namespaces.ts'

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

/** A body as an object of its kind, with the name and namespace of the path. Faults: BadRequest. */
export function readBody(
  resource: Resource,
  { body, duplicates = [] }: { readonly body: Json; readonly duplicates?: readonly string[] },
  named: Named,
  unknowns: Unknowns,
): Prepared {
  if (!isJsonObject(body)) throw apiFault('BadRequest', 'the body must be an object')
  const { value, unknown } = decode(resource.shape, body)
  const warnings = [
    ...unknown.map(path => `unknown field "${path}"`),
    ...duplicates.map(path => `duplicate field "${path}"`),
  ]
  if (unknowns === 'Strict' && warnings.length > 0) {
    throw apiFault('BadRequest', `strict decoding error: ${warnings.join(', ')}`)
  }
  const apiVersion = apiVersionOf(resource.group, resource.version)
  refuseOther('apiVersion', value['apiVersion'], apiVersion)
  refuseOther('kind', value['kind'], resource.kind)
  const metadata = metadataOf(value['metadata'], resource, named)
  const object = { ...value, apiVersion, kind: resource.kind, metadata }
  return { object, warnings: unknowns === 'Warn' ? warnings : [] }
}

/** A new object with all that it gets when it is made. Faults: Invalid. */
export function prepareNew(parts: PrepareParts, resource: Resource, read: KubeObject): KubeObject {
  const { clock, entropy } = parts
  const { resourceVersion: _, deletionTimestamp: _d, deletionGracePeriodSeconds: _g, ...given } = read.metadata
  const metadata: ObjectMeta = {
    ...given,
    uid: uuidOf(entropy.bytes(16)),
    creationTimestamp: timeOf(clock),
    ...(resource.hasStatus || resource.custom !== undefined || read['spec'] !== undefined ? { generation: 1 } : {}),
  }
  const object = resource.defaults(withoutEmpty(resource.shape, withoutStatus(resource, { ...read, metadata })))
  check(resource, object, undefined)
  return object
}

/** What an object becomes by an update: what only the API sets is kept. Faults: Invalid, Conflict. */
export function prepareUpdate(resource: Resource, read: KubeObject, old: KubeObject): KubeObject {
  const { metadata } = read
  const { creationTimestamp, uid, deletionTimestamp, deletionGracePeriodSeconds, generation } = old.metadata
  const kept = { creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds }
  if (metadata.uid !== '' && metadata.uid !== uid) {
    throw apiFault(
      'Conflict',
      `the UID in the precondition (${metadata.uid}) does not match the UID in record (${uid})`,
    )
  }
  const merged: KubeObject = {
    ...read,
    metadata: defined({ ...metadata, ...kept, uid, generation, resourceVersion: old.metadata.resourceVersion }),
  }
  const given = withoutEmpty(resource.shape, resource.hasStatus ? withField(merged, 'status', old['status']) : merged)
  const object = keepFinalizers(resource, resource.defaults(given, old), old)
  const next = { ...object, metadata: { ...object.metadata, ...nextGeneration(object, old) } }
  check(resource, next, old)
  return next
}

/** What an object becomes by an update of its status: all but that is kept. Faults: Invalid. */
export function prepareStatus(resource: Resource, read: KubeObject, old: KubeObject): KubeObject {
  const object = withoutEmpty(resource.shape, withField(old, 'status', read['status']))
  check(resource, object, old)
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
  const next = { ...object, metadata: { ...object.metadata, ...nextGeneration(object, old) } }
  check(resource, next, old)
  return next
}

/** The time as Kubernetes writes it, to the second. */
export function timeOf(clock: Clock): string {
  return `${new Date(Number(clock.wallNs() / 1_000_000n)).toISOString().slice(0, 19)}Z`
}

function check(resource: Resource, object: KubeObject, old: KubeObject | undefined): void {
  const { missing } = decode(resource.shape, object)
  const errors = [...metaErrors(resource, object, old), ...resource.validate(object, old), ...missing]
  const seen = new Set<string>()
  const once = errors.filter(({ field, reason }) => !seen.has(`${field} ${reason}`) && seen.add(`${field} ${reason}`))
  refuseInvalid({ group: resource.group, kind: resource.kind, name: object.metadata.name }, once)
}

function nextGeneration(object: KubeObject, old: KubeObject): { readonly generation?: number } {
  const { generation } = old.metadata
  if (generation === undefined) return {}
  const wanted = ({ metadata: _metadata, status: _status, ...rest }: KubeObject): JsonObject => rest
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

function refuseOther(field: string, given: Json | undefined, wanted: string): void {
  if (given === undefined || given === wanted) return
  throw apiFault('BadRequest', `${field}: ${JSON.stringify(given)} does not match the expected ${wanted}`)
}

// RFC 9562, version 4.
function uuidOf(random: Uint8Array): string {
  const bytes = Buffer.from(random)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
