import type { Revision } from '#keyspace'
import type { KubeObject, Resource } from '#schema'
import type { Matches } from '../request/selectors.ts'
import type { Continue } from '../request/parameters.ts'
import type { ObjectPlace, ObjectStore } from '../store/object-store.ts'
import { LIST_PAGE } from '../limits.ts'

/** What of a resource is listed. */
export interface ListRequest {
  readonly namespace: string | undefined
  readonly matches: Matches | undefined
  /** At most this many; all when undefined or 0. */
  readonly limit: number | undefined
  readonly from: Continue | undefined
  readonly revision: Revision | undefined
}

/** A list at one revision, or a piece of it. */
export interface Listed {
  readonly revision: Revision
  readonly objects: readonly KubeObject[]
  readonly next: Continue | undefined
}

/** Lists objects, a page at a time so that others get a turn. Faults: Expired. */
export async function listObjects(
  store: ObjectStore,
  resource: Resource,
  request: ListRequest,
  signal: AbortSignal,
): Promise<Listed> {
  const { namespace, matches, from } = request
  const limit = request.limit === undefined || request.limit === 0 ? Number.MAX_SAFE_INTEGER : request.limit
  const objects: KubeObject[] = []
  let revision = from?.revision ?? request.revision
  let after: ObjectPlace | undefined = from?.after
  for (;;) {
    const pageLimit = Math.min(LIST_PAGE, matches === undefined ? limit - objects.length : LIST_PAGE)
    const page = await store.page(resource, { namespace, revision, after, limit: pageLimit }, signal)
    revision = page.revision
    for (const [index, object] of page.objects.entries()) {
      if (matches !== undefined && !matches(object)) continue
      objects.push(object)
      if (objects.length < limit) continue
      const isLast = page.next === undefined && index === page.objects.length - 1
      const { namespace: inside, name } = object.metadata
      return { revision, objects, next: isLast ? undefined : { revision, after: { namespace: inside, name } } }
    }
    if (page.next === undefined) return { revision, objects, next: undefined }
    after = page.next
  }
}
