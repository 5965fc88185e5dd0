import type { Revision } from '#keyspace'
import { apiVersionOf, type JsonObject, type KubeObject, type Resource } from '#schema'
import type { Matches } from '../request/selectors.ts'
import { withRevision } from '../store/codec.ts'
import type { ObjectChange } from '../store/object-change.ts'

/** What a watcher is told of a change. */
export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** A change as one watcher sees it (k8s.io/apimachinery/pkg/apis/meta/v1 WatchEvent). */
export interface WatchEvent {
  readonly type: EventType
  readonly object: KubeObject
}

/**
 * What a change means to a watcher of some objects, or of all: one that begins to be among them is added, one that ceases
 * to be is deleted, and shown as it was. Undefined when it is and was none of them.
 */
export function eventOf(change: ObjectChange, matches: Matches | undefined): WatchEvent | undefined {
  if (matches === undefined) return eventOfAny(change)
  const { now, revision } = change
  // Where history no longer tells what an object was, nobody is left with one that ceased to be his.
  const before = change.before ?? (change.isFirst ? undefined : now)
  const is = now !== undefined && matches(now)
  const was = before !== undefined && (change.before === undefined || matches(before))
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: now }
  return was ? { type: 'DELETED', object: withRevision(before, revision) } : undefined
}

function eventOfAny(change: ObjectChange): WatchEvent | undefined {
  const { now, revision } = change
  const type = typeForAll(change)
  if (now !== undefined) return { type, object: now }
  const { before } = change
  return before === undefined ? undefined : { type, object: withRevision(before, revision) }
}

/** What those who watch all objects are told of a change. */
export function typeForAll({ isFirst, isDeletion }: ObjectChange): EventType {
  return isDeletion ? 'DELETED' : isFirst ? 'ADDED' : 'MODIFIED'
}

/** Tells a watcher how far it has seen; `isInitialEnd` when all that was there has been sent (KEP-3157). */
export function bookmarkOf(resource: Resource, revision: Revision, isInitialEnd: boolean): KubeObject {
  const annotations = isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  const metadata: JsonObject = { resourceVersion: String(revision), creationTimestamp: null, ...annotations }
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource.group, resource.version),
    metadata: metadata as KubeObject['metadata'],
  }
}
