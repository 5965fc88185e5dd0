import { Hono } from 'hono'
import { type Clock, isFault, type Log, whyOf } from '#base'
import { type Attempt, type Caller, ANONYMOUS } from '#identity'
import type { Json } from '#schema'
import { answered, warningText } from './answers/answer.ts'
import { deadline, Deadlines } from './answers/deadlines.ts'
import { auditedOf, type Exchange, resourceName } from './audited.ts'
import { Clients } from './clients.ts'
import { apiFault } from './faults.ts'
import { type Lasting, LastingRequests } from './lasting.ts'
import { EXCHANGE_SECONDS_MAX, REQUEST_SECONDS_MAX, URL_CHARS_MAX } from './limits.ts'
import type { Objects } from './objects/objects.ts'
import type { Exchanger } from './orders/exchange.ts'
import { answerOrder, type OrderPath, Orders } from './orders/order.ts'
import { type Audit, type Observer, UNOBSERVED } from './observer.ts'
import { OpenapiDocuments } from './openapi/documents.ts'
import type { Registry } from './registry.ts'
import { attemptOf, forbidden } from './request/attempt.ts'
import { refuseOtherSites } from './request/other-sites.ts'
import { type ResourceTarget, type Target, targetOf } from './request/path.ts'
import { isReview, type ReviewParts } from './reviews/review.ts'
import { routeReview } from './reviews/route.ts'
import type { RouteParts, WriteGuard } from './routes/asked.ts'
import type { HealthCheck } from './routes/health.ts'
import type { TokenIssuer } from './routes/issuer.ts'
import { answerOther, type OtherParts } from './routes/other.ts'
import { answerResource, verbOf } from './routes/resource.ts'
import { senderOf } from './server/sender.ts'
import { faultOf, statusOf, type Subject } from './status.ts'
import { StatusMore } from './status-more.ts'
import { Feeds } from './watch/feeds.ts'

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
  /** Watches and the like, which it looks after; whoever makes it says when access changes. */
  readonly lasting?: LastingRequests
  /** The rules that hold for somebody in a namespace, for `kubectl auth can-i --list`. */
  readonly rulesFor?: (caller: Caller, namespace: string | undefined) => Iterable<Json>
  /** Refuses what somebody may not make of an object, although he may write it. Faults: Forbidden. */
  readonly guard?: WriteGuard
  /** The version of Cairn, as `/version` tells it. */
  readonly version: string
  /** What `/readyz` looks at. */
  readonly checks?: readonly HealthCheck[]
  /** What is answered at once and not kept, such as tokens. */
  readonly orders?: readonly OrderPath[]
  /** What a bootstrap token is exchanged for; see {@link EXCHANGE_PATH}. */
  readonly exchange?: (exchanger: Exchanger) => Promise<Response>
  /** Who signs tokens of service accounts. */
  readonly issuer?: TokenIssuer
  readonly observer?: Observer
  readonly audit?: Audit
  /** Aborts when the server is about to end: watches end well, so that their clients go on elsewhere. */
  readonly ending?: AbortSignal
}

/** Where a bootstrap token is exchanged: it is its own credential. */
export const EXCHANGE_PATH = '/v1/serviceaccounts/token'

/** Paths that anybody may use. All others need a credential. */
export const PUBLIC_PATHS: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version', EXCHANGE_PATH])

/** Answers requests: who, may he, what. Whatever goes wrong becomes a Status. */
export function createApp(parts: AppParts): Hono {
  const serving = servingOf(parts)
  const app = new Hono()
  app.all('*', context => answer(serving, context.req.raw, context.env))
  return app
}

interface Serving
  extends Omit<AppParts, 'checks' | 'issuer' | 'observer' | 'ending' | 'rulesFor' | 'guard' | 'orders' | 'lasting'>,
    RouteParts,
    OtherParts,
    ReviewParts {
  readonly guard: WriteGuard
  readonly orders: Orders
  readonly clients: Clients
  readonly lasting: LastingRequests
  readonly ending: AbortSignal
  /** Of requests: REQUEST_SECONDS_MAX. */
  readonly deadlines: Deadlines
}

function servingOf(parts: AppParts): Serving {
  return {
    ...parts,
    checks: parts.checks ?? [],
    rulesFor: parts.rulesFor ?? (() => []),
    guard: parts.guard ?? (() => undefined),
    issuer: parts.issuer,
    orders: new Orders(parts.orders ?? []),
    observer: parts.observer ?? UNOBSERVED,
    ending: parts.ending ?? new AbortController().signal,
    clients: new Clients(),
    deadlines: new Deadlines(parts.clock, REQUEST_SECONDS_MAX * 1000),
    lasting: parts.lasting ?? new LastingRequests(parts),
    documents: new OpenapiDocuments(parts.registry),
    feeds: new Feeds({ store: parts.objects.store, turns: parts.objects.turns, clock: parts.clock }),
  }
}

// Counts and notes are kept by them: no client makes up more.
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

async function answer(serving: Serving, request: Request, connection: unknown): Promise<Response> {
  const { clock, observer } = serving
  const beganMs = clock.monotonicMs()
  const ended = observer.began()
  const verb = METHODS.has(request.method) ? request.method.toLowerCase() : 'other'
  const url = new URL(request.url)
  const exchange: Exchange = {
    url,
    connection,
    caller: ANONYMOUS,
    tokenId: undefined,
    verb,
    target: undefined,
    made: undefined,
    isDryRun: false,
    isServed: false,
  }
  const response = await answerOrRefuse(serving, exchange, request)
  const ms = clock.monotonicMs() - beganMs
  ended({
    verb: exchange.verb,
    resource: exchange.isServed ? resourceName(exchange) : '',
    code: response.status,
    seconds: ms / 1000,
  })
  audit(serving, exchange, request, { code: response.status, ms: Math.round(ms) })
  if (request.method === 'HEAD') await response.body?.cancel()
  return response
}

async function answerOrRefuse(serving: Serving, exchange: Exchange, request: Request): Promise<Response> {
  try {
    return await authorized(serving, exchange, request)
  } catch (error) {
    const fault = faultOf(error)
    const isLeft = request.signal.aborted
    if (fault.status === 500 && !isLeft) {
      serving.log.warn('a request broke', { path: exchange.url.pathname, error: whyOf(error) })
    }
    return refusal(request, fault, subjectOf(exchange))
  }
}

function refusal(request: Request, fault: ReturnType<typeof faultOf>, subject: Subject | undefined): Response {
  const response = answered(request, fault.status, statusOf(fault, subject))
  const seconds = fault.cause instanceof StatusMore ? fault.cause.details?.['retryAfterSeconds'] : undefined
  if (typeof seconds === 'number' && seconds > 0) response.headers.set('retry-after', String(seconds))
  return response
}

async function authorized(serving: Serving, exchange: Exchange, request: Request): Promise<Response> {
  const { url } = exchange
  if (request.url.length > URL_CHARS_MAX) throw apiFault('BadRequest', `the URL is longer than ${URL_CHARS_MAX}`)
  const target = targetOf(url.pathname)
  if (target === undefined) throw apiFault('BadRequest', 'the path is not encoded well')
  exchange.target = target
  if (PUBLIC_PATHS.has(url.pathname)) return answerPublic(serving, exchange, request)
  refuseOtherSites(request)
  await serving.objects.turns.take(request.signal)
  const caller = await serving.authenticate(request, exchange.connection)
  exchange.caller = caller
  const verb = target.kind === 'resource' ? verbOf(request.method, target, url.searchParams) : exchange.verb
  if (verb === undefined) throw notAllowed()
  exchange.verb = verb
  const order = target.kind === 'resource' && verb === 'create' ? serving.orders.find(target) : undefined
  const leave = serving.clients.request(caller.name)
  try {
    const attempt = attemptOf(order?.target ?? target, verb, url.searchParams)
    if (!(await serving.authorize(caller, attempt, request.signal))) throw forbidden(caller, attempt)
    refusePlace(serving, target, verb)
    if (order !== undefined) return await orderWithin(serving, exchange, request, order)
    if (target.kind === 'other' || target.plural === '') return await answerOther(serving, request, url)
    const response = await answerTarget(serving, exchange, request, target)
    const deprecation = serving.registry.find(target)?.custom?.deprecation
    if (deprecation !== undefined) response.headers.append('warning', warningText(deprecation))
    return response
  } finally {
    leave()
  }
}

async function answerTarget(
  serving: Serving,
  exchange: Exchange,
  request: Request,
  target: Target & { readonly kind: 'resource' },
): Promise<Response> {
  const resource = serving.registry.find(target)
  if (resource === undefined) throw notFound()
  exchange.isServed = true
  const { url, verb, caller, connection } = exchange
  const last = (): Lasting =>
    serving.lasting.enter({ request, connection, caller, attempt: attemptOf(target, verb, url.searchParams) })
  const demand = async (other: string): Promise<void> => {
    const attempt = attemptOf(target, other, url.searchParams)
    if (!(await serving.authorize(caller, attempt, request.signal))) throw forbidden(caller, attempt)
  }
  const asked = {
    request,
    query: url.searchParams,
    target,
    resource,
    caller,
    guard: notingMade(serving, exchange),
    noteDryRun: () => {
      exchange.isDryRun = true
    },
    demand,
    last,
  }
  if (verb === 'watch') {
    const end = serving.registry.endOf(resource)
    const signal = AbortSignal.any([request.signal, serving.ending, ...(end === undefined ? [] : [end])])
    return answerResource(serving, verb, { ...asked, signal })
  }
  return inTime(serving, request, signal => {
    const within = { ...asked, signal }
    return isReview(resource) ? routeReview(serving, verb, within) : answerResource(serving, verb, within)
  })
}

// Whatever is written is shown to the guard under its name.
function notingMade({ guard }: Serving, exchange: Exchange): WriteGuard {
  return (caller, resource, next, old) => {
    exchange.made = next.metadata.name
    guard(caller, resource, next, old)
  }
}

// What lies in no namespace is not reached through one: rights there would count for the whole cloud. What lies in some is
// only listed and watched without.
function refusePlace({ registry }: Serving, target: Target, verb: string): void {
  if (target.kind !== 'resource') return
  const isNamespaced = registry.find(target)?.isNamespaced
  if (isNamespaced === false && target.namespace !== undefined) throw notFound()
  if (isNamespaced !== true || target.namespace !== undefined || OF_ALL.has(verb)) return
  throw target.name === undefined ? notAllowed() : notFound()
}

const OF_ALL: ReadonlySet<string> = new Set(['list', 'watch'])

function notFound(): Error {
  return apiFault('NotFound', 'the server could not find the requested resource')
}

function orderWithin(
  serving: Serving,
  { url, caller }: Exchange,
  request: Request,
  { path, target }: { readonly path: OrderPath; readonly target: ResourceTarget },
): Promise<Response> {
  const query = url.searchParams
  return inTime(serving, request, signal => answerOrder(path, { request, query, target, caller, signal }))
}

async function answerPublic(serving: Serving, exchange: Exchange, request: Request): Promise<Response> {
  if (exchange.url.pathname !== EXCHANGE_PATH) return answerOther(serving, request, exchange.url)
  const run = serving.exchange
  if (request.method !== 'POST' || run === undefined) throw notAllowed()
  const { network } = senderOf(exchange.connection)
  const leave = serving.clients.exchange(network)
  const shows: Exchanger['shows'] = ({ tokenId, caller = ANONYMOUS }) => Object.assign(exchange, { tokenId, caller })
  try {
    return await inTime(serving, request, () => run({ request, network, shows }), EXCHANGE_SECONDS_MAX)
  } finally {
    leave()
  }
}

// Ends what takes too long with a word to its client. Faults: Timeout.
async function inTime(
  { clock, deadlines }: Serving,
  request: Request,
  run: (signal: AbortSignal) => Promise<Response>,
  seconds = REQUEST_SECONDS_MAX,
): Promise<Response> {
  const isUsual = seconds === REQUEST_SECONDS_MAX
  const time = isUsual ? deadlines.open(request.signal) : deadline(clock, seconds * 1000, request.signal)
  // Also one whose body stops coming: who waits for that hears no signal.
  const over = Promise.withResolvers<never>()
  time.signal.addEventListener('abort', () => over.reject(time.signal.reason), { once: true })
  try {
    return await Promise.race([run(time.signal), over.promise])
  } catch (error) {
    if (!time.signal.aborted || request.signal.aborted || isFault(error)) throw error
    throw apiFault('Timeout', `the request did not complete within ${seconds}s`)
  } finally {
    time[Symbol.dispose]()
  }
}

function notAllowed(): Error {
  return apiFault('MethodNotAllowed', 'the server does not allow this method on the requested resource')
}

function subjectOf({ target, made }: Exchange): Subject | undefined {
  if (target?.kind !== 'resource' || target.plural === '') return undefined
  const { name = made, group, plural } = target
  return { ...(name === undefined ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural }
}

function audit(
  { clock, audit: note }: Serving,
  exchange: Exchange,
  request: Request,
  result: { readonly code: number; readonly ms: number },
): void {
  const { pathname } = exchange.url
  if (note === undefined || exchange.target === undefined) return
  if (PUBLIC_PATHS.has(pathname) && !(pathname === EXCHANGE_PATH && request.method === 'POST')) return
  note({ timeMs: Number(clock.wallNs() / 1_000_000n), ...auditedOf(exchange, request, result) })
}
