import { type ByteString, isFault } from '#base'
import type { Keyspace, KeyValue, LocalKeyspace, Operation, Revision } from '#keyspace'
import type { KubeObject, Resource } from '#schema'
import { claimChange, ownerOf } from '../claims/claim-keys.ts'
import { ClaimStore } from '../claims/claim-store.ts'
import { type Conversions, NO_CONVERSIONS } from '../conversion/conversions.ts'
import { apiFault } from '../faults.ts'
import { LIST_PAGE, LIST_PAGE_BYTES } from '../limits.ts'
import { ObjectCodec, type Sealing, withRevision } from './codec.ts'
import { namespacePrefix, objectKey, type Placed, ROOT, resourcePrefix } from './keys.ts'
import { ObjectChange } from './object-change.ts'

/** Where an object is. */
export interface ObjectPlace {
  readonly namespace: string | undefined
  readonly name: string
}

/** Another key that must still be as it was read, at this revision. */
export interface Guard {
  readonly key: ByteString
  readonly revision: number
}

/** A piece of a list, at one revision. */
export interface ObjectPage {
  readonly revision: Revision
  readonly objects: readonly KubeObject[]
  /** Of the objects, as they are stored. */
  readonly bytes: number
  /** The place behind which the next piece begins; undefined when this is the last. */
  readonly next: ObjectPlace | undefined
}

/**
 * Objects in a keyspace. A change is answered when it is durable. Faults: NotFound, AlreadyExists, Conflict, Expired, and
 * those of the keyspace.
 */
export class ObjectStore {
  /** What objects have alone: taken and given back with them. */
  readonly claims: ClaimStore
  readonly #keyspace: Keyspace
  readonly #codec: ObjectCodec
  readonly #conversions: Conversions

  /** Secrets are encrypted with `sealing`; without it, as tests have it, they are not. */
  constructor(keyspace: Keyspace, sealing?: Sealing, conversions: Conversions = NO_CONVERSIONS) {
    this.claims = new ClaimStore(keyspace)
    this.#keyspace = keyspace
    this.#codec = new ObjectCodec(sealing)
    this.#conversions = conversions
  }

  /** The object as it is now; undefined when there is none. */
  async find(resource: Placed, place: ObjectPlace, signal: AbortSignal): Promise<KubeObject | undefined> {
    const key = objectKey(resource, place)
    const { entries } = await this.#keyspace.range({ keys: { kind: 'key', key } }, signal)
    const [entry] = await this.#conversions.entries(resource, entries, signal)
    return entry === undefined ? undefined : this.#codec.objectOf(entry, resource.storedForm)
  }

  /** As {@link find}. Faults: NotFound. */
  async get(resource: Resource, place: ObjectPlace, signal: AbortSignal): Promise<KubeObject> {
    return (await this.find(resource, place, signal)) ?? notFound(resource, place.name)
  }

  /** Stores an object that is not there yet, while the guards hold and what it claims is free. Faults: AlreadyExists, Conflict. */
  async create(
    resource: Resource,
    object: KubeObject,
    signal: AbortSignal,
    guards: readonly Guard[] = [],
  ): Promise<KubeObject> {
    const key = objectKey(resource, object.metadata)
    const claimed = claiming(resource, undefined, object)
    const value = await this.#bytesOf(resource, object, signal)
    const { succeeded, revision } = await this.#keyspace.txn(
      {
        compare: [isFree(key), ...guards.map(isUnchanged), ...claimed.compare],
        then: [{ kind: 'put', key, value }, ...claimed.then],
      },
      signal,
    )
    if (!succeeded) {
      const isAlone = guards.length === 0 && claimed.compare.length === 0
      const isThere = isAlone || (await this.find(resource, placeOf(object), signal)) !== undefined
      throw isThere ? alreadyExists(resource, object.metadata.name) : conflict(resource, object.metadata.name)
    }
    await this.#keyspace.sync(revision, signal)
    return withRevision(object, revision)
  }

  /** Replaces an object that is as it was read. Faults: Conflict. */
  async replace(resource: Resource, old: KubeObject, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    const key = objectKey(resource, old.metadata)
    const claimed = claiming(resource, old, object)
    const compare = [isStill(old, key), ...claimed.compare]
    const put = { kind: 'put', key, value: await this.#bytesOf(resource, object, signal) } as const
    const { succeeded, revision } = await this.#keyspace.txn({ compare, then: [put, ...claimed.then] }, signal)
    if (!succeeded) throw conflict(resource, old.metadata.name)
    await this.#keyspace.sync(revision, signal)
    return withRevision(object, revision)
  }

  /** Removes an object that is as it was read; answers it as it is at its end. Faults: Conflict. */
  async remove(resource: Resource, old: KubeObject, last: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    const key = objectKey(resource, old.metadata)
    const then = [{ kind: 'delete', keys: { kind: 'key', key } } as const, ...claiming(resource, old, undefined).then]
    const { succeeded, revision } = await this.#keyspace.txn({ compare: [isStill(old, key)], then }, signal)
    if (!succeeded) throw conflict(resource, old.metadata.name)
    await this.#keyspace.sync(revision, signal)
    return withRevision(last, revision)
  }

  /**
   * Objects of one namespace, or of all, in order of their places; as of a revision, or now. Fewer than `limit` when they are large.
   * Faults: Expired.
   */
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
    const range = {
      keys: keysBehind(resource, wanted.namespace, wanted.after),
      revision: wanted.revision,
      limit: wanted.limit ?? LIST_PAGE,
    } as const
    const { revision, entries, more: isCut } = await this.#keyspace.range(range, signal).catch(expired)
    const { kept, bytes } = withinBytes(entries)
    const more = isCut || kept.length < entries.length
    const converted = await this.#conversions.entries(resource, kept, signal)
    const objects = converted.map(entry => this.#codec.objectOf(entry, resource.storedForm))
    const last = objects.at(-1)?.metadata
    const next = more && last !== undefined ? { namespace: last.namespace, name: last.name } : undefined
    return { revision: wanted.revision ?? revision, objects, bytes, next }
  }

  /** How many objects there are behind a place, as of a revision, or now: of which revision that is. Faults: Expired. */
  async count(
    resource: Resource,
    wanted: {
      readonly namespace: string | undefined
      readonly revision: Revision | undefined
      readonly after: ObjectPlace | undefined
    },
    signal: AbortSignal,
  ): Promise<{ readonly count: number; readonly revision: Revision }> {
    const keys = keysBehind(resource, wanted.namespace, wanted.after)
    const range = { keys, revision: wanted.revision, want: 'count' } as const
    const { count, revision } = await this.#keyspace.range(range, signal).catch(expired)
    return { count, revision: wanted.revision ?? revision }
  }

  /** The newest revision, as everybody sees it. */
  async revision(signal: AbortSignal): Promise<Revision> {
    const keys = { kind: 'key', key: ROOT } as const
    return (await this.#keyspace.range({ keys, want: 'count' }, signal)).revision
  }

  /** The newest revision, where it can be told at once: every change up to it has been handed to those who watch. */
  revisionNow(): Revision | undefined {
    return isLocal(this.#keyspace) ? this.#keyspace.revision : undefined
  }

  /** The oldest revision that can still be listed and watched. */
  async oldestRevision(signal: AbortSignal): Promise<Revision> {
    return (await this.#keyspace.status(signal)).compactRevision
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
        const converted = await this.#conversions.events(resource, events, signal)
        yield { revision, changes: converted.map(event => new ObjectChange(event, this.#codec, resource.storedForm)) }
      }
    } catch (error) {
      expired(error)
    }
  }

  // As it is stored: made by a webhook where the definition has one.
  async #bytesOf(resource: Resource, object: KubeObject, signal: AbortSignal): Promise<Uint8Array> {
    const stored = await this.#conversions.stored(resource, object, signal)
    return this.#codec.bytesOf(objectKey(resource, object.metadata), stored, resource.storedForm)
  }
}

/** What became of objects up to a revision. */
export interface ObjectChanges {
  readonly revision: Revision
  readonly changes: readonly ObjectChange[]
}

/** Kubernetes' name of a resource in messages, such as `deployments.apps`. */
export function qualified({ plural, group }: Pick<Resource, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** What the keys of the objects of a namespace, or of all, begin with. */
export function prefixOf(resource: Resource, namespace: string | undefined) {
  return resource.isNamespaced && namespace === undefined
    ? resourcePrefix(resource)
    : namespacePrefix(resource, namespace)
}

// Never before the first or behind the last of those wanted, whatever the place is: clients choose it.
function keysBehind(resource: Resource, namespace: string | undefined, after: ObjectPlace | undefined) {
  const prefix = prefixOf(resource, namespace)
  const end = `${prefix.slice(0, -1)}0`
  const start = after === undefined ? prefix : `${objectKey(resource, after)}\0`
  const clamped = start < prefix ? prefix : start > end ? end : start
  return { kind: 'range', start: clamped, end } as const
}

// The first, and as many behind it as lie within the bytes of a page.
function withinBytes(entries: readonly KeyValue[]): { readonly kept: readonly KeyValue[]; readonly bytes: number } {
  let bytes = 0
  for (const [index, { value }] of entries.entries()) {
    if (index > 0 && bytes + value.byteLength > LIST_PAGE_BYTES) return { kept: entries.slice(0, index), bytes }
    bytes += value.byteLength
  }
  return { kept: entries, bytes }
}

function isLocal(keyspace: Keyspace | LocalKeyspace): keyspace is LocalKeyspace {
  return 'revision' in keyspace && typeof keyspace.revision === 'number'
}

// What must hold, and what is written, that an object has what it alone may have.
function claiming(resource: Resource, old: KubeObject | undefined, next: KubeObject | undefined) {
  const { taken, freed } = claimChange(resource, old, next)
  const value = Buffer.from(next === undefined ? '' : ownerOf(next))
  const puts = taken.map((key): Operation => ({ kind: 'put', key, value }))
  const deletes = freed.map((key): Operation => ({ kind: 'delete', keys: { kind: 'key', key } }))
  return { compare: taken.map(isFree), then: [...puts, ...deletes] }
}

function isFree(key: ByteString) {
  return { key, field: 'createRevision', is: 'equal', to: 0 } as const
}

function isUnchanged({ key, revision }: Guard) {
  return { key, field: 'modRevision', is: 'equal', to: revision } as const
}

function isStill({ metadata }: KubeObject, key: string) {
  return { key, field: 'modRevision', is: 'equal', to: Number(metadata.resourceVersion) } as const
}

function nextRevision(revision: Revision): Revision {
  return (revision + 1) as Revision
}

function notFound(resource: Resource, name: string): never {
  throw apiFault('NotFound', `${qualified(resource)} "${name}" not found`)
}

function alreadyExists(resource: Resource, name: string): Error {
  return apiFault('AlreadyExists', `${qualified(resource)} "${name}" already exists`)
}

/** Where an object is. */
export function placeOf({ metadata }: KubeObject): ObjectPlace {
  return { namespace: metadata.namespace, name: metadata.name }
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
