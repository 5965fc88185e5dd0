import { apiVersionOf, decode, isJsonObject } from '#schema'
import { json } from '../answers/answer.ts'
import { apiFault } from '../faults.ts'
import { parseBody, readAll } from '../request/body.ts'
import type { ResourceRequest } from '../routes/asked.ts'
import { answerReview, type ReviewParts } from './review.ts'

/** Answers a question about who may do what. Faults: BadRequest, Invalid, MethodNotAllowed. */
export async function routeReview(parts: ReviewParts, verb: string, asked: ResourceRequest): Promise<Response> {
  const { request, resource, target, caller, signal } = asked
  if (verb !== 'create') throw apiFault('MethodNotAllowed', 'reviews can only be created')
  const body = parseBody(await readAll(request), request.headers.get('content-type') ?? '', resource.shape)
  if (!isJsonObject(body)) throw apiFault('BadRequest', 'the body must be an object')
  const { value } = decode(resource.shape, body)
  const question = { ...value, apiVersion: apiVersionOf(resource.group, resource.version), kind: resource.kind }
  return json(201, await answerReview(parts, resource, question, { caller, namespace: target.namespace, signal }))
}
