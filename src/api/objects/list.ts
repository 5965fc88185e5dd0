import type { Turns } from '#base'
import type { Revision } from '#keyspace'
import type { KubeObject, Resource } from '#schema'
import { LIST_PAGE, LIST_PIECE_BYTES } from '../limits.ts'
import type { Matches } from '../request/selectors.ts'
import type { Continue } from '../request/continue.ts'
import type { ObjectPlace, ObjectStore } from '../store/object-store.ts'

/** What lists work with. */
export interface ListParts {
  readonly store: ObjectStore
  readonly turns: Turns
}

/** Which objects of a resource are wanted. */
export interface Wanted {
  readonly namespace: string | undefined
  readonly matches: Matches | undefined
}

/** Which piece of them, and as of when; now when undefined. */
export interface ListRequest extends Wanted {
  /** At most this many. */
  readonly limit: number
  readonly from: Continue | undefined
  readonly revision: Revision | undefined
}

/** A list at one revision, or a piece of it. */
export interface Listed {
  readonly revision: Revision
  readonly objects: readonly KubeObject[]
  readonly next: Continue | undefined
}

/** Objects of one revision. */
export interface ListPage {
  readonly revision: Revision
  /** Of all that was read for it. */
  readonly bytes: number
  /** More comes behind it. */
  readonly more: boolean
  readonly objects: readonly KubeObject[]
}

/**
 * Everything wanted as of one revision, a page at a time, each in its turn. The first page always comes, empty or not. Faults: Expired.
 */
export async function* listPages(
  { store, turns }: ListParts,
  resource: Resource,
  wanted: Wanted & {
    readonly revision?: Revision | undefined
    readonly after?: ObjectPlace | undefined
    readonly pageLimit?: number
  },
  signal: AbortSignal,
): AsyncGenerator<ListPage> {
  const { namespace, matches, pageLimit = LIST_PAGE } = wanted
  let { revision } = wanted
  let limit = pageLimit
  let next = wanted.after
  do {
    await turns.take(signal)
    const page = await store.page(resource, { namespace, revision, after: next, limit }, signal)
    revision = page.revision
    next = page.next
    // Where few fit into a page, not many are read for it.
    limit = Math.min(pageLimit, page.objects.length * 2)
    const objects = matches === undefined ? page.objects : page.objects.filter(matches)
    yield { revision, objects, bytes: page.bytes, more: next !== undefined }
  } while (next !== undefined)
}

/** A piece of a list; fewer than wanted when they are large. Faults: Expired. */
export async function listPiece(
  parts: ListParts,
  resource: Resource,
  request: ListRequest,
  signal: AbortSignal,
): Promise<Listed> {
  const { from, limit } = request
  const objects: KubeObject[] = []
  let revision = from?.revision ?? request.revision
  let bytes = 0
  // One more than fits is what tells that there is more.
  const pageLimit = request.matches === undefined ? Math.min(LIST_PAGE, limit + 1) : LIST_PAGE
  const wanted = { ...request, revision, after: from?.after, pageLimit }
  for await (const page of listPages(parts, resource, wanted, signal)) {
    revision = page.revision
    const room = limit - objects.length
    objects.push(...page.objects.slice(0, room))
    const last = objects.at(-1)?.metadata
    bytes += page.bytes
    const isFull = page.objects.length > room || (page.more && bytes >= LIST_PIECE_BYTES)
    if (isFull && last !== undefined) {
      return { revision, objects, next: { revision, after: { namespace: last.namespace, name: last.name } } }
    }
  }
  return { revision: revision ?? (await parts.store.revision(signal)), objects, next: undefined }
}
