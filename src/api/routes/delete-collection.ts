import { isFault } from '#base'
import type { Revision } from '#keyspace'
import type { KubeObject } from '#schema'
import { answered } from '../answers/answer.ts'
import { DELETES_AT_ONCE, DELETES_IN_TURN } from '../limits.ts'
import type { DeleteOptions } from '../objects/deletion.ts'
import { listPages, listPiece } from '../objects/list.ts'
import { listOptionsOf } from '../request/list-options.ts'
import { placeOf } from '../store/object-store.ts'
import { deletionOf, type ResourceRequest, type RouteParts } from './asked.ts'
import { answerChosen, type Chosen, matchesOf, revisionFor } from './list.ts'

/**
 * Deletes the objects that the parameters choose, a page at a time, and answers them as they were: their list, read at the
 * revision from before. Faults: BadRequest, Invalid; Conflict for one that breaks a precondition.
 */
export async function answerDeleteCollection(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, signal, query, request } = asked
  const deletion = await deletionOf(asked)
  const options = listOptionsOf(query)
  const { from, asOf } = options
  const revision =
    from?.revision ?? (await revisionFor(parts, asOf, signal)) ?? (await parts.objects.store.revision(signal))
  const chosen: Chosen = {
    matches: matchesOf(query, resource),
    options: {
      ...options,
      asOf: { kind: 'exact', revision },
      from: from === undefined ? undefined : { ...from, revision },
    },
  }
  for await (const objects of pagesOf(parts, asked, { chosen, revision })) {
    await deletePage(parts, asked, { objects, deletion })
  }
  try {
    return await answerChosen(parts, asked, chosen)
  } catch (error) {
    // So many, or so slow, that it is forgotten by now how they were.
    if (!isFault(error, 'Expired')) throw error
    return answered(request, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })
  }
}

async function* pagesOf(
  { objects }: RouteParts,
  { resource, target: { namespace }, signal }: ResourceRequest,
  { chosen: { matches, options }, revision }: { readonly chosen: Chosen; readonly revision: Revision },
): AsyncGenerator<readonly KubeObject[]> {
  const { limit = Number.MAX_SAFE_INTEGER, from } = options
  if (options.limit !== undefined || from !== undefined) {
    const piece = await listPiece(objects, resource, { namespace, matches, limit, from, revision }, signal)
    for (let at = 0; at < piece.objects.length; at += DELETES_AT_ONCE) {
      yield piece.objects.slice(at, at + DELETES_AT_ONCE)
    }
    return
  }
  const wanted = { namespace, matches, revision, pageLimit: DELETES_AT_ONCE }
  for await (const page of listPages(objects, resource, wanted, signal)) yield page.objects
}

// Without a precondition, another of the same name is left alone, and what is gone already is gone.
async function deletePage(
  parts: RouteParts,
  { resource, signal }: ResourceRequest,
  { objects, deletion }: { readonly objects: readonly KubeObject[]; readonly deletion: DeleteOptions },
): Promise<void> {
  const { turns } = parts.objects
  const { uid, resourceVersion } = deletion
  const isBound = uid !== undefined || resourceVersion !== undefined
  const deletions = objects.map(async (object, index) => {
    if (index % DELETES_IN_TURN === 0) await turns.take(signal)
    const bound = { ...deletion, uid: uid ?? object.metadata.uid }
    await parts.objects.delete(resource, placeOf(object), bound, signal).catch((error: unknown) => {
      if (!isFault(error, 'NotFound') && (isBound || !isFault(error, 'Conflict'))) throw error
    })
  })
  await Promise.all(deletions)
}
