import { Hono } from 'hono'
import { type Clock, type Log, whyOf } from '#base'
import type { Attempt, Caller } from '#identity'
import { KUBERNETES_VERSION } from '#schema'
import { json } from './answers/answer.ts'
import { apiFault } from './faults.ts'
import type { Objects } from './objects/objects.ts'
import { OpenapiDocuments } from './openapi/documents.ts'
import type { Registry } from './registry.ts'
import { type Target, targetOf } from './request/path.ts'
import { aggregated, coreVersions, groupList, groupOf, resourceList } from './routes/discovery.ts'
import { answerOpenapi } from './routes/openapi.ts'
import { answerResource, verbOf } from './routes/resource.ts'
import { faultOf, statusOf } from './status.ts'

/** What the API works with. */
export interface AppParts {
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly objects: Objects
  /** Who sends a request, by what he has shown. Faults: Unauthorized. */
  readonly authenticate: (request: Request, connection: unknown) => Promise<Caller>
  /** Whether he may. */
  readonly authorize: (caller: Caller, attempt: Attempt, signal: AbortSignal) => Promise<boolean>
  /** The version of Cairn, as `/version` tells it. */
  readonly version: string
}

/** Paths that anybody may read. All others need a credential. */
export const PUBLIC_PATHS: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version'])

/** Answers requests: who, may he, what. Whatever goes wrong becomes a Status. */
export function createApp(parts: AppParts): Hono {
  const app = new Hono()
  const documents = new OpenapiDocuments(parts.registry)
  app.all('*', async context => {
    try {
      return await answer({ ...parts, documents }, context.req.raw, context.env)
    } catch (error) {
      const fault = faultOf(error)
      if (fault.status === 500) parts.log.warn('a request broke', { path: context.req.path, error: whyOf(error) })
      return json(fault.status, statusOf(fault))
    }
  })
  return app
}

interface Serving extends AppParts {
  readonly documents: OpenapiDocuments
}

async function answer(parts: Serving, request: Request, connection: unknown): Promise<Response> {
  const { pathname, searchParams: query } = new URL(request.url)
  const target = targetOf(pathname)
  if (target === undefined) throw apiFault('BadRequest', 'the path is not encoded well')
  if (PUBLIC_PATHS.has(pathname)) return answerOther(parts, request, pathname)
  const caller = await parts.authenticate(request, connection)
  const verb = target.kind === 'resource' ? verbOf(request.method, target, query) : request.method.toLowerCase()
  if (verb === undefined)
    throw apiFault('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  const attempt = attemptOf(target, verb)
  if (!(await parts.authorize(caller, attempt, request.signal))) throw forbidden(caller, attempt)
  if (pathname.startsWith('/openapi/')) return answerOpenapi(parts.documents, request)
  if (target.kind === 'other') return answerOther(parts, request, pathname)
  const resource = parts.registry.find(target)
  if (target.plural === '') return answerOther(parts, request, pathname)
  if (resource === undefined) throw apiFault('NotFound', 'the server could not find the requested resource')
  return answerResource(parts, verb, { request, query, target, resource, signal: request.signal })
}

function answerOther({ registry, version }: AppParts, request: Request, path: string): Response {
  const accept = request.headers.get('accept') ?? ''
  const isAggregated = accept.includes('g=apidiscovery.k8s.io') && accept.includes('v=v2;')
  const [root, group, groupVersion] = path.split('/').filter(segment => segment !== '')
  if (path === '/version') return json(200, versionInfo(version))
  if (root === 'api' && group === undefined)
    return isAggregated ? discovery(registry, 'api') : json(200, coreVersions())
  if (root === 'apis' && group === undefined)
    return isAggregated ? discovery(registry, 'apis') : json(200, groupList(registry))
  const list =
    root === 'api'
      ? resourceList(registry, '', group ?? '')
      : root === 'apis' && groupVersion !== undefined
        ? resourceList(registry, group ?? '', groupVersion)
        : undefined
  if (list !== undefined) return json(200, list)
  const isGroup =
    root === 'apis' && groupVersion === undefined && registry.groupVersions.some(each => each.group === group)
  if (isGroup) return json(200, groupOf(registry, group ?? ''))
  if (['healthz', 'livez', 'readyz'].includes(root ?? '')) return new Response('ok')
  throw apiFault('NotFound', 'the server could not find the requested resource')
}

function discovery(registry: Registry, root: 'api' | 'apis'): Response {
  const response = json(200, aggregated(registry, root))
  response.headers.set('content-type', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
  return response
}

function versionInfo(version: string) {
  const [, major = '', minor = ''] = /^v([0-9]+)\.([0-9]+)/.exec(KUBERNETES_VERSION) ?? []
  return { major, minor, gitVersion: `${KUBERNETES_VERSION}+cairn-${version}`, platform: 'linux' }
}

function attemptOf(target: Target, verb: string): Attempt {
  if (target.kind === 'other') return { kind: 'path', verb, path: target.path }
  const { group, plural, subresource, namespace, name } = target
  return plural === ''
    ? { kind: 'path', verb: 'get', path: target.path }
    : { kind: 'resource', verb, group, plural, subresource, namespace, name }
}

function forbidden(caller: Caller, attempt: Attempt): Error {
  const who = `User "${caller.name}" cannot ${attempt.verb}`
  if (attempt.kind === 'path') return apiFault('Forbidden', `forbidden: ${who} path "${attempt.path}"`)
  const { group, plural, subresource, namespace, name } = attempt
  const what = subresource === undefined ? plural : `${plural}/${subresource}`
  const full = group === '' ? plural : `${plural}.${group}`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const one = name === undefined ? '' : ` "${name}"`
  return apiFault('Forbidden', `${full}${one} is forbidden: ${who} resource "${what}" in API group "${group}" ${where}`)
}
