import { createHash } from 'node:crypto'
import { type Json, KUBERNETES_VERSION } from '#schema'
import { json } from '../answers/answer.ts'
import { encodingOf } from '../answers/negotiate.ts'
import { yamlText } from '../answers/yaml.ts'
import { apiFault } from '../faults.ts'
import type { Observer } from '../observer.ts'
import type { Registry } from '../registry.ts'
import { aggregated, coreVersions, groupList, groupOf, resourceList } from './discovery.ts'
import { answerIssuer, type TokenIssuer } from './issuer.ts'
import { answerHealth, type HealthCheck } from './health.ts'
import type { OpenapiDocuments } from '../openapi/documents.ts'
import { answerOpenapi } from './openapi.ts'
import type { Clock } from '#base'

/** What paths that are no resources answer from. */
export interface OtherParts {
  readonly clock: Clock
  readonly registry: Registry
  readonly version: string
  readonly observer: Observer
  readonly checks: readonly HealthCheck[]
  readonly documents: OpenapiDocuments
  readonly issuer: TokenIssuer | undefined
}

/** Answers discovery, OpenAPI, health, metrics and the version. Faults: NotFound, MethodNotAllowed. */
export async function answerOther(parts: OtherParts, request: Request, url: URL): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw apiFault('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  const path = url.pathname.replace(/(?<=.)\/+$/, '')
  const answer =
    (await answerHealth(parts, path, url.searchParams)) ??
    discovery(parts, request, path) ??
    (path.startsWith('/openapi/') ? await answerOpenapi(parts.documents, request) : undefined) ??
    answerIssuer(parts.issuer, path) ??
    (path === '/metrics' ? await metrics(parts) : undefined)
  if (answer !== undefined) return answer
  throw apiFault('NotFound', 'the server could not find the requested resource')
}

function discovery({ registry, version }: OtherParts, request: Request, path: string): Response | undefined {
  const [root, group = '', groupVersion = '', ...more] = path.slice(1).split('/')
  if (path === '/version') return json(200, versionInfo(version))
  if (path === '/') return json(200, { paths: pathsOf(registry) })
  if (path === '/api' || path === '/apis') return roots(registry, request, root === 'api' ? 'api' : 'apis')
  if (root === 'api' && groupVersion === '') return known(request, resourceList(registry, '', group))
  if (root !== 'apis' || more.length > 0) return undefined
  if (groupVersion !== '') return known(request, resourceList(registry, group, groupVersion))
  const isGroup = group !== '' && registry.groupVersions.some(each => each.group === group)
  return isGroup ? tagged(request, groupOf(registry, group)) : undefined
}

function pathsOf({ groupVersions }: Registry): readonly string[] {
  const served = groupVersions.flatMap(({ group, version }) =>
    group === '' ? [`/api/${version}`] : [`/apis/${group}`, `/apis/${group}/${version}`],
  )
  return [...new Set([...FIXED_PATHS, ...served])].sort()
}

function roots(registry: Registry, request: Request, root: 'api' | 'apis'): Response {
  const accept = request.headers.get('accept') ?? ''
  const wanted = accept.split(',').find(part => /application\/json/.test(part)) ?? ''
  const isAggregated = wanted.includes('g=apidiscovery.k8s.io') && /v=v2(?![a-z0-9])/.test(wanted)
  if (isAggregated) return tagged(request, aggregated(registry, root), AGGREGATED)
  return tagged(request, root === 'api' ? coreVersions() : groupList(registry))
}

function known(request: Request, body: Json | undefined): Response | undefined {
  return body === undefined ? undefined : tagged(request, body)
}

/** A document that clients keep: with an entity tag, and 304 for one they have. */
export function tagged(request: Request, body: Json, type = JSON_TYPE): Response {
  const isYaml = type === JSON_TYPE && encodingOf(request.headers.get('accept') ?? '') === 'yaml'
  const text = isYaml ? yamlText(body) : JSON.stringify(body)
  const etag = `"${createHash('sha256').update(text).digest('hex').toUpperCase()}"`
  const headers = {
    'content-type': isYaml ? 'application/yaml' : type,
    etag,
    vary: 'Accept',
    'cache-control': 'public',
  }
  const has = (request.headers.get('if-none-match') ?? '')
    .split(',')
    .some(tag => tag.trim().replace(/^W\//, '') === etag)
  return has ? new Response(null, { status: 304, headers }) : new Response(text, { headers })
}

async function metrics({ observer }: OtherParts): Promise<Response> {
  return new Response(await observer.text(), {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  })
}

function versionInfo(version: string) {
  const [, major = '', minor = ''] = /^v([0-9]+)\.([0-9]+)/.exec(KUBERNETES_VERSION) ?? []
  return { major, minor, gitVersion: `${KUBERNETES_VERSION}+cairn-${version}`, platform: 'linux' }
}

const FIXED_PATHS = [
  '/.well-known/openid-configuration',
  '/api',
  '/apis',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/readyz',
  '/version',
]
const JSON_TYPE = 'application/json'
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
