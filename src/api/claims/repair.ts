import type { ByteString } from '#base'
import type { KubeObject, Resource } from '#schema'
import { LIST_PAGE } from '../limits.ts'
import { objectKey } from '../store/keys.ts'
import { type ObjectPlace, type ObjectStore, placeOf } from '../store/object-store.ts'
import { claimKey, ownerOf } from './claim-keys.ts'

/** What a repair found and mended. */
export interface Repaired {
  /** Claims whose object is not there, or has not what it claims. */
  readonly freed: number
  /** What objects had, and nobody had noted. */
  readonly taken: number
  /** What an object has that is another's: `NAMESPACE/NAME has POOL/ITEM of NAMESPACE/NAME`. */
  readonly clashes: readonly string[]
}

/**
 * Brings the claims in line with the objects: those of versions of Cairn that kept none, and of keyspaces that were put
 * together by hand. Every step holds only while the object and the claim are as they were read, so that it can be done while
 * others write.
 */
export async function repairClaims(
  store: ObjectStore,
  resources: readonly Resource[],
  signal: AbortSignal,
): Promise<Repaired> {
  const held = new Map<ByteString, Holder>()
  for (const resource of resources.filter(each => each.claims !== undefined)) {
    for await (const object of objectsOf(store, resource, signal)) {
      for (const claim of resource.claims?.held(object) ?? []) {
        if (!held.has(claimKey(claim))) held.set(claimKey(claim), { resource, object })
      }
    }
  }
  const known = new Map<ByteString, string>()
  let freed = 0
  for await (const { key, owner, revision } of store.claims.all(signal)) {
    const holder = held.get(key)
    known.set(key, owner)
    if (holder !== undefined) continue
    const isFree = await nobodyHas(store, resources, { key, owner }, signal)
    const remove = { kind: 'delete', keys: { kind: 'key', key } } as const
    if (isFree !== undefined && (await store.claims.repair([{ key, revision }, isFree], remove, signal))) freed += 1
  }
  return { freed, ...(await take(store, held, known, signal)) }
}

interface Holder {
  readonly resource: Resource
  readonly object: KubeObject
}

async function* objectsOf(store: ObjectStore, resource: Resource, signal: AbortSignal): AsyncGenerator<KubeObject> {
  let after: ObjectPlace | undefined
  do {
    const { objects, next } = await store.page(resource, { namespace: undefined, after, limit: LIST_PAGE }, signal)
    yield* objects
    after = next
  } while (after !== undefined)
}

// The object that is said to have it, at the revision at which it has it not; undefined when it has it after all.
async function nobodyHas(
  store: ObjectStore,
  resources: readonly Resource[],
  { key, owner }: { readonly key: ByteString; readonly owner: string },
  signal: AbortSignal,
): Promise<{ readonly key: ByteString; readonly revision: number } | undefined> {
  const [namespace = '', name = ''] = owner.split('/')
  const place = { namespace: namespace === '-' ? undefined : namespace, name }
  for (const resource of resources) {
    if (resource.claims === undefined) continue
    const object = await store.find(resource, place, signal)
    if (object !== undefined && resource.claims.held(object).some(claim => claimKey(claim) === key)) return undefined
    return { key: objectKey(resource, place), revision: Number(object?.metadata.resourceVersion ?? 0) }
  }
  return undefined
}

async function take(
  store: ObjectStore,
  held: ReadonlyMap<ByteString, Holder>,
  known: ReadonlyMap<ByteString, string>,
  signal: AbortSignal,
): Promise<Pick<Repaired, 'taken' | 'clashes'>> {
  let taken = 0
  const clashes: string[] = []
  for (const [key, { resource, object }] of held) {
    const owner = known.get(key)
    const self = ownerOf(object)
    if (owner !== undefined && owner !== self) clashes.push(`${self} has ${key.slice('/claims/'.length)} of ${owner}`)
    if (owner !== undefined) continue
    const there = { key: objectKey(resource, placeOf(object)), revision: Number(object.metadata.resourceVersion) }
    const put = { kind: 'put', key, value: Buffer.from(self) } as const
    if (await store.claims.repair([{ key, revision: 0 }, there], put, signal)) taken += 1
  }
  return { taken, clashes }
}
