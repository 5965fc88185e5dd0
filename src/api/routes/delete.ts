import type { JsonObject } from '#schema'
import { answered } from '../answers/answer.ts'
import { deletionOf, placeOf, type ResourceRequest, type RouteParts, refuseSubresource } from './asked.ts'
import { answerObject } from './write.ts'

/** Deletes an object. Faults: those of `Objects.delete`. */
export async function answerDelete(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, target, signal } = asked
  refuseSubresource(target, [])
  const options = await deletionOf(asked)
  const { object, isGone } = await parts.objects.delete(resource, placeOf(target), options, signal)
  if (!isGone || isAnswered(asked)) return answerObject(parts, asked, 200, { object, warnings: [] })
  const { name, uid } = object.metadata
  return answered(asked.request, 200, success({ name, ...groupOf(asked), kind: resource.plural, uid }))
}

function success(details: JsonObject): JsonObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}

function groupOf({ resource }: ResourceRequest): JsonObject {
  return resource.group === '' ? {} : { group: resource.group }
}

// Kinds of which Kubernetes answers the last of the object.
function isAnswered({ resource: { group, plural } }: ResourceRequest): boolean {
  return group === 'storage.k8s.io' || (group === '' && ANSWERED.has(plural))
}

const ANSWERED: ReadonlySet<string> = new Set([
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
])
