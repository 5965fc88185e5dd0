import { type Fault, isFault } from '#base'
import { isJsonObject, jsonAt, kubernetesShape, numberAt, textAt } from '#schema'
import { json } from '../answers/answer.ts'
import { apiFault } from '../faults.ts'
import { listObjects } from '../objects/list.ts'
import type { DeleteOptions } from '../objects/objects.ts'
import { parseBody, readAll } from '../request/body.ts'
import { countOf, isDryRun } from '../request/parameters.ts'
import { placeOf, type ResourceRequest, type RouteParts, refuseSubresource } from './asked.ts'
import { listBody, listRequestOf } from './list.ts'
import { answerObject } from './write.ts'

/** Deletes an object. Faults: those of `Objects.delete`. */
export async function answerDelete(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, target, signal } = asked
  refuseSubresource(target, [])
  const options = await deleteOptionsOf(asked)
  const { object, isGone } = await parts.objects.delete(resource, placeOf(target), options, signal)
  if (!isGone) return answerObject(parts, asked, 200, { object, warnings: [] })
  const { name, uid } = object.metadata
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural, uid }
  return json(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })
}

/** Deletes the objects that the parameters choose. Faults: BadRequest. */
export async function answerDeleteCollection(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, signal } = asked
  const options = await deleteOptionsOf(asked)
  const request = { ...listRequestOf(asked), limit: undefined, from: undefined }
  const { objects, revision } = await listObjects(parts.objects.store, resource, request, signal)
  for (const { metadata } of objects) {
    const place = { namespace: metadata.namespace, name: metadata.name }
    await parts.objects.delete(resource, place, { ...options, uid: metadata.uid }, signal).catch(ignoreGone)
  }
  return json(200, listBody(resource, objects, { resourceVersion: String(revision) }))
}

async function deleteOptionsOf({ request, query }: ResourceRequest): Promise<DeleteOptions> {
  const bytes = await readAll(request.body)
  const type = request.headers.get('content-type') ?? ''
  const body = bytes.length === 0 ? {} : parseBody(bytes, type, kubernetesShape('V1DeleteOptions'))
  if (!isJsonObject(body)) throw apiFault('BadRequest', 'the body must be DeleteOptions')
  const isDry = isDryRun(query) || (Array.isArray(jsonAt(body, 'dryRun')) && jsonAt(body, 'dryRun', 'length') !== 0)
  return {
    isDryRun: isDry,
    uid: textAt(body, 'preconditions', 'uid'),
    resourceVersion: textAt(body, 'preconditions', 'resourceVersion'),
    gracePeriodSeconds: numberAt(body, 'gracePeriodSeconds') ?? countOf(query, 'gracePeriodSeconds'),
  }
}

function ignoreGone(error: unknown): void {
  const isGone = isFault(error, 'NotFound') || isFault(error, 'Conflict')
  if (!isGone) throw error as Fault
}
