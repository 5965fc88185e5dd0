import type { Clock } from '#base'
import type { Revision } from '#keyspace'
import type { JsonObject, KubeObject, Resource } from '#schema'
import type { Matches } from '../request/selectors.ts'
import type { ObjectStore } from '../store/object-store.ts'
import { bookmark, eventOf } from '../watch/events.ts'
import { listObjects } from './list.ts'

/** What of a resource is watched. */
export interface WatchRequest {
  readonly namespace: string | undefined
  readonly matches: Matches | undefined
  /** Changes behind this one; undefined: all that is there first, then changes. */
  readonly after: Revision | undefined
  readonly wantsBookmarks: boolean
  /** A bookmark tells when all that was there has been sent. */
  readonly wantsInitialEnd: boolean
  /** How an object is shown. */
  readonly show: (object: KubeObject) => JsonObject
}

/** Watch events as JSON objects, in order, until the signal ends it. Faults: Expired. */
export async function* watchObjects(
  parts: { readonly store: ObjectStore; readonly clock: Clock },
  resource: Resource,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<JsonObject> {
  const { store } = parts
  const { namespace, matches = () => true, show } = request
  let after = request.after
  if (after === undefined) {
    const wanted = { namespace, matches: request.matches, limit: undefined, from: undefined, revision: undefined }
    const { revision, objects } = await listObjects(store, resource, wanted, signal)
    for (const object of objects) yield { type: 'ADDED', object: show(object) }
    if (request.wantsInitialEnd) yield bookmark(resource, revision, true)
    after = revision
  }
  for await (const { changes, revision } of store.changes(resource, { namespace, after }, signal)) {
    for (const change of changes) {
      const event = eventOf(change, matches)
      if (event !== undefined) yield { type: event.type, object: show(event.object) }
    }
    if (changes.length === 0 && request.wantsBookmarks) yield bookmark(resource, revision, false)
  }
}
