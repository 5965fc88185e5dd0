import { apiFault } from '../faults.ts'
import { flagOf } from '../request/parameters.ts'
import type { ResourceTarget } from '../request/path.ts'
import type { ResourceRequest, RouteParts } from './asked.ts'
import { answerBelow } from './below/below.ts'
import { answerDelete } from './delete.ts'
import { answerDeleteCollection } from './delete-collection.ts'
import { answerList } from './list.ts'
import { answerWatch } from './watch.ts'
import { answerCreate, answerGet, answerPatch, answerUpdate } from './write.ts'

/** The verb of a request, as RBAC names it; undefined for a method that does nothing there. */
export function verbOf(method: string, target: ResourceTarget, query: URLSearchParams): string | undefined {
  const isOne = target.name !== undefined
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (target.isWatch || flagOf(query, 'watch')) return 'watch'
      return isOne ? 'get' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return isOne ? 'update' : undefined
    case 'PATCH':
      return isOne ? 'patch' : undefined
    case 'DELETE':
      return isOne ? 'delete' : 'deletecollection'
    default:
      return undefined
  }
}

/** Answers a request by its verb. Faults: those of the API. */
export async function answerResource(parts: RouteParts, verb: string, asked: ResourceRequest): Promise<Response> {
  const { subresource } = asked.target
  if (subresource !== undefined && subresource !== 'status') return answerBelow(parts, verb, asked)
  if (subresource === undefined && !asked.resource.verbs.some(each => each === verb)) throw notAllowed()
  switch (verb) {
    case 'get':
      return answerGet(parts, asked)
    case 'list':
      return answerList(parts, asked)
    case 'watch':
      return answerWatch(parts, asked)
    case 'create':
      return answerCreate(parts, asked)
    case 'update':
      return answerUpdate(parts, asked)
    case 'patch':
      return answerPatch(parts, asked)
    case 'delete':
      return answerDelete(parts, asked)
    case 'deletecollection':
      return answerDeleteCollection(parts, asked)
    default:
      throw notAllowed()
  }
}

function notAllowed(): Error {
  return apiFault('MethodNotAllowed', 'the server does not allow this method on the requested resource')
}
