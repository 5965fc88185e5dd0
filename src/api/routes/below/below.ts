import { apiFault } from '../../faults.ts'
import type { ResourceRequest, RouteParts } from '../asked.ts'
import { answerBinding } from './binding.ts'
import { answerEviction } from './eviction.ts'
import { answerPart } from './part.ts'
import { answerScale } from './scale.ts'

/**
 * Answers a path below an object, but for `status`: its scale, a part of it that is written alone, or what is done to pods.
 * Faults: those of the API.
 */
export async function answerBelow(parts: RouteParts, verb: string, asked: ResourceRequest): Promise<Response> {
  const { resource, target, request } = asked
  const { subresource: name = '' } = target
  const path = `${resource.group}/${resource.plural}/${name}`
  if (STREAMS.has(path)) throw noStreams(name, request.headers.get('upgrade') ?? '')
  if (BUNDLES.has(path)) throw apiFault('ServiceUnavailable', `Unsupported: bundles/${name}: nothing runs bundles yet`)
  const { scale } = resource
  if (name === 'scale' && scale !== undefined && PART.has(verb)) return answerScale(parts, verb, asked, scale)
  const known = resource.subresources.find(each => each.name === name)
  if (known === undefined) throw apiFault('NotFound', 'the server could not find the requested resource')
  if (!known.verbs.some(each => each === verb)) {
    throw apiFault('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  if (known.write !== undefined) return answerPart(parts, verb, asked, { ...known, write: known.write })
  const answer = ANSWERS[path]
  if (answer !== undefined) return answer(parts, asked)
  throw apiFault('NotImplemented', `Unsupported: ${resource.plural}/${name}`)
}

type Answer = (parts: RouteParts, asked: ResourceRequest) => Promise<Response>

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/pods/binding': answerBinding,
  '/pods/eviction': answerEviction,
}

const PART: ReadonlySet<string> = new Set(['get', 'patch', 'update'])

const STREAMS: ReadonlySet<string> = new Set(
  ['attach', 'exec', 'log', 'portforward', 'proxy'].map(name => `/pods/${name}`),
)

const BUNDLES: ReadonlySet<string> = new Set(
  ['actions/start', 'actions/stop', 'actions/restart', 'actions/uninstall', 'backups/latest', 'exportProfile'].map(
    name => `nanocloud.io/bundles/${name}`,
  ),
)

// Where kubectl streams over WebSockets later than elsewhere.
const NEWER: Readonly<Record<string, string>> = { portforward: '1.31' }

// Clients that stream over WebSockets try SPDY when they are refused, and show people that answer.
function noStreams(name: string, upgrade: string): Error {
  const protocol = upgrade.toLowerCase()
  const over = protocol.startsWith('spdy')
    ? `, neither over WebSockets nor over SPDY, which will not come: only kubectl before ${NEWER[name] ?? '1.30'} needs it`
    : protocol === 'websocket'
      ? ' over WebSockets'
      : ''
  return apiFault(
    'ServiceUnavailable',
    `Unsupported: pods/${name}: no machine runs pods yet, so nothing is served${over}`,
  )
}
