import { apiVersionOf, type JsonObject, type KubeObject, type Resource } from '#schema'
import { json } from '../answers/answer.ts'
import { formOf } from '../answers/negotiate.ts'
import { partialOf, tableOf } from '../answers/table.ts'
import { type ListRequest, listObjects } from '../objects/list.ts'
import { revisionOf } from '../objects/objects.ts'
import { continueOf, continueText, countOf, includeOf } from '../request/parameters.ts'
import { fieldSelector, labelSelector, type Matches } from '../request/selectors.ts'
import { nowMsOf, type ResourceRequest, type RouteParts } from './asked.ts'

/** Answers the objects of a resource that the parameters choose. Faults: BadRequest, Expired. */
export async function answerList(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, signal, query } = asked
  const { revision, objects, next } = await listObjects(parts.objects.store, resource, listRequestOf(asked), signal)
  const metadata = {
    resourceVersion: String(revision),
    ...(next === undefined ? {} : { continue: continueText(next) }),
  }
  const form = formOf(asked.request.headers.get('accept') ?? '')
  if (form === 'table') {
    return json(200, tableOf(resource, objects, { include: includeOf(query), metadata, nowMs: nowMsOf(parts) }))
  }
  if (form === 'object') return json(200, listBody(resource, objects, metadata))
  const items = objects.map(partialOf)
  return json(200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items })
}

/** A list of objects as JSON. */
export function listBody(resource: Resource, objects: readonly KubeObject[], metadata: JsonObject): JsonObject {
  const apiVersion = apiVersionOf(resource.group, resource.version)
  return { kind: `${resource.kind}List`, apiVersion, metadata, items: objects }
}

/** Which objects the parameters choose. Faults: BadRequest. */
export function listRequestOf({ query, resource, target }: ResourceRequest): ListRequest {
  const version = query.get('resourceVersion') ?? ''
  const isExact = query.get('resourceVersionMatch') === 'Exact'
  return {
    namespace: target.namespace,
    matches: matchesOf(query, resource),
    limit: countOf(query, 'limit'),
    from: continueOf(query),
    revision: isExact ? revisionOf(version) : undefined,
  }
}

/** Whether an object is one that the selectors choose; undefined when all are. Faults: BadRequest. */
export function matchesOf(query: URLSearchParams, resource: Resource): Matches | undefined {
  const labels = labelSelector(query.get('labelSelector') ?? '')
  const fields = fieldSelector(query.get('fieldSelector') ?? '', resource)
  return labels === undefined ? fields : both(fields, labels)
}

/** Both, where there are two. */
export function both(one: Matches | undefined, other: Matches): Matches {
  return one === undefined ? other : object => one(object) && other(object)
}
