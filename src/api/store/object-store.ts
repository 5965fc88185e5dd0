import { assert, isFault } from '#base'
import type { Keyspace, KeyValue, Revision } from '#keyspace'
import { isKubeObject, type KubeObject, type Resource } from '#schema'
import { apiFault } from '../faults.ts'
import { LIST_PAGE } from '../limits.ts'
import { namespacePrefix, objectKey, resourcePrefix } from './keys.ts'

/** Where an object is. */
export interface ObjectPlace {
  readonly namespace: string | undefined
  readonly name: string
}

/** A piece of a list, at one revision. */
export interface ObjectPage {
  readonly revision: Revision
  readonly objects: readonly KubeObject[]
  /** The place behind which the next piece begins; undefined when this is the last. */
  readonly next: ObjectPlace | undefined
}

/**
 * Objects in a keyspace. A change is answered when it is durable. Faults: NotFound, AlreadyExists, Conflict, Expired, and
 * those of the keyspace.
 */
export class ObjectStore {
  readonly #keyspace: Keyspace

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace
  }

  /** The object as it is now; undefined when there is none. */
  async find(resource: Resource, place: ObjectPlace, signal: AbortSignal): Promise<KubeObject | undefined> {
    const key = objectKey(resource, place)
    const { entries } = await this.#keyspace.range({ keys: { kind: 'key', key } }, signal)
    return entries[0] === undefined ? undefined : objectOf(entries[0])
  }

  /** As {@link find}. Faults: NotFound. */
  async get(resource: Resource, place: ObjectPlace, signal: AbortSignal): Promise<KubeObject> {
    return (await this.find(resource, place, signal)) ?? notFound(resource, place.name)
  }

  /** Stores an object that is not there yet. Faults: AlreadyExists. */
  async create(resource: Resource, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    const key = objectKey(resource, object.metadata)
    const { succeeded, revision } = await this.#keyspace.txn(
      {
        compare: [{ key, field: 'createRevision', is: 'equal', to: 0 }],
        then: [{ kind: 'put', key, value: bytesOf(object) }],
      },
      signal,
    )
    if (!succeeded) throw apiFault('AlreadyExists', `${qualified(resource)} "${object.metadata.name}" already exists`)
    await this.#keyspace.sync(revision, signal)
    return withRevision(object, revision)
  }

  /** Replaces an object that is as it was read. Faults: Conflict. */
  async replace(resource: Resource, old: KubeObject, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    const key = objectKey(resource, old.metadata)
    const then = [{ kind: 'put', key, value: bytesOf(object) }] as const
    const { succeeded, revision } = await this.#keyspace.txn({ compare: [isStill(old, key)], then }, signal)
    if (!succeeded) throw conflict(resource, old.metadata.name)
    await this.#keyspace.sync(revision, signal)
    return withRevision(object, revision)
  }

  /** Removes an object that is as it was read. Faults: Conflict. */
  async remove(resource: Resource, old: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    const key = objectKey(resource, old.metadata)
    const then = [{ kind: 'delete', keys: { kind: 'key', key } }] as const
    const { succeeded, revision } = await this.#keyspace.txn({ compare: [isStill(old, key)], then }, signal)
    if (!succeeded) throw conflict(resource, old.metadata.name)
    await this.#keyspace.sync(revision, signal)
    return withRevision(old, revision)
  }

  /** Objects of one namespace, or of all, in order of their places; as of a revision, or now. Faults: Expired. */
  async page(
    resource: Resource,
    wanted: {
      readonly namespace: string | undefined
      readonly revision?: Revision | undefined
      readonly after?: ObjectPlace | undefined
      readonly limit?: number
    },
    signal: AbortSignal,
  ): Promise<ObjectPage> {
    const prefix = prefixOf(resource, wanted.namespace)
    const start = wanted.after === undefined ? prefix : `${objectKey(resource, wanted.after)}\0`
    const range = {
      keys: { kind: 'range', start, end: `${prefix.slice(0, -1)}0` },
      revision: wanted.revision,
      limit: wanted.limit ?? LIST_PAGE,
    } as const
    const { revision, entries, more } = await this.#keyspace.range(range, signal).catch(expired)
    const objects = entries.map(objectOf)
    const last = objects.at(-1)?.metadata
    const next = more && last !== undefined ? { namespace: last.namespace, name: last.name } : undefined
    return { revision: wanted.revision ?? revision, objects, next }
  }

  /** Changes of the objects of a resource behind a revision, in order. Faults: Expired. */
  async *changes(
    resource: Resource,
    wanted: { readonly namespace: string | undefined; readonly after: Revision },
    signal: AbortSignal,
  ): AsyncGenerator<ObjectChanges> {
    const keys = { kind: 'prefix', prefix: prefixOf(resource, wanted.namespace) } as const
    const from = nextRevision(wanted.after)
    try {
      for await (const { revision, events } of this.#keyspace.watch({ keys, from, previous: true }, signal)) {
        yield {
          revision,
          changes: events.map(event => ({
            revision: event.kind === 'put' ? event.entry.modRevision : event.revision,
            now: event.kind === 'put' ? objectOf(event.entry) : undefined,
            before: event.previous === undefined ? undefined : objectOf(event.previous),
          })),
        }
      }
    } catch (error) {
      expired(error)
    }
  }
}

/** What became of objects up to a revision. */
export interface ObjectChanges {
  readonly revision: Revision
  readonly changes: readonly ObjectChange[]
}

/** One change: made when there was none before, deleted when there is none now. */
export interface ObjectChange {
  readonly revision: Revision
  readonly now: KubeObject | undefined
  readonly before: KubeObject | undefined
}

/** Kubernetes' name of a resource in messages, such as `deployments.apps`. */
export function qualified({ plural, group }: Pick<Resource, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** An object with the revision it was stored at. */
export function withRevision(object: KubeObject, revision: Revision): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

function prefixOf(resource: Resource, namespace: string | undefined) {
  return resource.isNamespaced && namespace === undefined
    ? resourcePrefix(resource)
    : namespacePrefix(resource, namespace)
}

function isStill({ metadata }: KubeObject, key: string) {
  return { key, field: 'modRevision', is: 'equal', to: Number(metadata.resourceVersion) } as const
}

function bytesOf({ metadata, ...rest }: KubeObject): Uint8Array {
  const { resourceVersion: _, ...stored } = metadata
  return Buffer.from(JSON.stringify({ ...rest, metadata: stored }))
}

function objectOf({ value, modRevision }: KeyValue): KubeObject {
  const object: unknown = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))
  assert(isKubeObject(object as KubeObject), 'a stored object is an object')
  return withRevision(object as KubeObject, modRevision)
}

function nextRevision(revision: Revision): Revision {
  return (revision + 1) as Revision
}

function notFound(resource: Resource, name: string): never {
  throw apiFault('NotFound', `${qualified(resource)} "${name}" not found`)
}

function conflict(resource: Resource, name: string): Error {
  return apiFault(
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
  )
}

function expired(error: unknown): never {
  if (isFault(error, 'Compacted') || isFault(error, 'SlowWatcher')) {
    throw apiFault('Expired', 'The resourceVersion for the provided request is too old.', { cause: error })
  }
  if (isFault(error, 'FutureRevision')) {
    throw apiFault('ServiceUnavailable', 'Too large resource version', { cause: error })
  }
  throw error
}
