import { isFault } from '#base'
import {
  type FieldError,
  isJsonObject,
  type JsonObject,
  jsonAt,
  kubernetesShape,
  listAt,
  notSupported,
  numberAt,
  textAt,
  invalid,
} from '#schema'
import { json } from '../answers/answer.ts'
import { apiFault } from '../faults.ts'
import { DELETES_AT_ONCE, DELETES_IN_TURN } from '../limits.ts'
import type { DeleteOptions, Propagation } from '../objects/deletion.ts'
import { listPages } from '../objects/list.ts'
import { parseBody, readAll } from '../request/body.ts'
import { countOf, flagOf } from '../request/parameters.ts'
import { refuseInvalid } from '../refusal.ts'
import { placeOf as placeOfObject } from '../store/object-store.ts'
import { placeOf, type ResourceRequest, type RouteParts, refuseSubresource } from './asked.ts'
import { matchesOf } from './list.ts'
import { answerObject } from './write.ts'

/** Deletes an object. Faults: those of `Objects.delete`. */
export async function answerDelete(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, target, signal } = asked
  refuseSubresource(target, [])
  const options = await deleteOptionsOf(asked)
  const { object, isGone } = await parts.objects.delete(resource, placeOf(target), options, signal)
  if (!isGone) return answerObject(parts, asked, 200, { object, warnings: [] })
  const { name, uid } = object.metadata
  return json(200, success({ name, ...groupOf(asked), kind: resource.plural, uid }))
}

/** Deletes the objects that the parameters choose, a page at a time. Faults: BadRequest, Invalid. */
export async function answerDeleteCollection(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, signal, target, query } = asked
  const options = await deleteOptionsOf(asked)
  const wanted = { namespace: target.namespace, matches: matchesOf(query, resource), pageLimit: DELETES_AT_ONCE }
  const { turns } = parts.objects
  for await (const { objects } of listPages(parts.objects, resource, wanted, signal)) {
    const deletions = objects.map(async (object, index) => {
      if (index % DELETES_IN_TURN === 0) await turns.take(signal)
      const bound = { ...options, uid: object.metadata.uid }
      await parts.objects.delete(resource, placeOfObject(object), bound, signal).catch(ignoreGone)
    })
    await Promise.all(deletions)
  }
  return json(200, success({ ...groupOf(asked), kind: resource.plural }))
}

/** Reads how to delete, from the body or the parameters. Faults: BadRequest, Invalid. */
export async function deleteOptionsOf({ request, query }: ResourceRequest): Promise<DeleteOptions> {
  const bytes = await readAll(request)
  const type = request.headers.get('content-type') ?? ''
  const body = bytes.length === 0 ? fromQuery(query) : parseBody(bytes, type, kubernetesShape('V1DeleteOptions'))
  return deleteOptionsIn(body)
}

/** Reads DeleteOptions. Faults: BadRequest, Invalid. */
export function deleteOptionsIn(body: unknown): DeleteOptions {
  if (!isJsonObject(body)) throw apiFault('BadRequest', 'the body must be DeleteOptions')
  refuseInvalid({ group: 'meta.k8s.io', kind: 'DeleteOptions', name: '' }, optionErrors(body))
  const policy = textAt(body, 'propagationPolicy')
  const orphans = jsonAt(body, 'orphanDependents')
  return {
    isDryRun: listAt(body, 'dryRun').length > 0,
    uid: textAt(body, 'preconditions', 'uid'),
    resourceVersion: textAt(body, 'preconditions', 'resourceVersion'),
    gracePeriodSeconds: numberAt(body, 'gracePeriodSeconds'),
    propagation: policy === undefined && orphans === true ? 'Orphan' : propagations.find(each => each === policy),
  }
}

const propagations: readonly Propagation[] = ['Background', 'Foreground', 'Orphan']

function fromQuery(query: URLSearchParams): JsonObject {
  const policy = query.get('propagationPolicy')
  const seconds = countOf(query, 'gracePeriodSeconds')
  const dryRun = query.getAll('dryRun').filter(value => value !== '')
  return {
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(query.has('orphanDependents') ? { orphanDependents: flagOf(query, 'orphanDependents') } : {}),
    ...(seconds === undefined ? {} : { gracePeriodSeconds: seconds }),
    dryRun,
  }
}

// k8s.io/apimachinery/pkg/apis/meta/v1/validation ValidateDeleteOptions.
function optionErrors(body: JsonObject): FieldError[] {
  const [policy, orphans] = [jsonAt(body, 'propagationPolicy'), jsonAt(body, 'orphanDependents')]
  const errors: FieldError[] = []
  if (policy !== undefined && orphans !== undefined) {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'))
  }
  if (policy !== undefined && !propagations.some(each => each === policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...propagations, 'nil']))
  }
  if (listAt(body, 'dryRun').some(each => each !== 'All')) {
    errors.push(notSupported('dryRun', listAt(body, 'dryRun'), ['All']))
  }
  return errors
}

function success(details: JsonObject): JsonObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}

function groupOf({ resource }: ResourceRequest): JsonObject {
  return resource.group === '' ? {} : { group: resource.group }
}

function ignoreGone(error: unknown): void {
  if (!isFault(error, 'NotFound') && !isFault(error, 'Conflict')) throw error
}
