import type { Revision } from '#keyspace'
import { apiVersionOf, type JsonObject, type KubeObject, type Resource } from '#schema'
import type { Matches } from '../request/selectors.ts'
import { type ObjectChange, withRevision } from '../store/object-store.ts'

/** A line of a watch (k8s.io/apimachinery/pkg/apis/meta/v1 WatchEvent). */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: KubeObject
}

/**
 * What a change means to a watcher of some objects: one that begins to be among them is added, one that ceases to be is
 * deleted. Undefined when it is and was none of them.
 */
export function eventOf({ now, before, revision }: ObjectChange, matches: Matches): WatchEvent | undefined {
  const is = now !== undefined && matches(now)
  const was = before !== undefined && matches(before)
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: now }
  const gone = now ?? before
  return was && gone !== undefined ? { type: 'DELETED', object: withRevision(gone, revision) } : undefined
}

/** Tells a watcher how far it has seen; `isInitialEnd` when all that was there has been sent (KEP-3157). */
export function bookmark(resource: Resource, revision: Revision, isInitialEnd: boolean): JsonObject {
  const annotations = isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  return {
    type: 'BOOKMARK',
    object: {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource.group, resource.version),
      metadata: { resourceVersion: String(revision), creationTimestamp: null, ...annotations },
    },
  }
}
