import { acceptOf } from '../answers/answer.ts'
import { viewOf } from '../answers/view.ts'
import { deadline } from '../answers/deadlines.ts'
import { streamOf } from '../answers/stream.ts'
import { apiFault } from '../faults.ts'
import { WATCH_SECONDS_MAX, WATCH_SECONDS_MIN } from '../limits.ts'
import { watchOptionsOf, type WatchOptions } from '../request/list-options.ts'
import { type Watching, watchLines } from '../watch/lines.ts'
import { nowMsOf, refuseSubresource, type ResourceRequest, type RouteParts } from './asked.ts'
import { both, matchesOf, revisionFor, tooLarge } from './list.ts'

/** Answers changes of a resource as they come, one JSON document a line. Faults: BadRequest, Invalid, Expired, Timeout. */
export async function answerWatch(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, query, request, target } = asked
  // Who may watch a part of an object, such as its status, may not see the rest of it.
  refuseSubresource(target, [])
  using opening = new DisposableStack()
  const lasting = opening.use(asked.last())
  const options = watchOptionsOf(query)
  const watching = {
    ...chosen(asked),
    ...options,
    resource,
    after: await beginning(parts, options, asked.signal),
    // YAML has no lines of its own for each event.
    view: viewOf(resource, { accept: acceptOf(request), query, encodings: ['json'] }, () => nowMsOf(parts)),
  }
  const seconds = options.timeoutSeconds ?? WATCH_SECONDS_MIN + parts.objects.random(WATCH_SECONDS_MIN)
  // A watch ends with the credential that opened it: what comes next is asked for anew, and refused.
  const holdsMs = (asked.caller.expiresMs ?? Number.POSITIVE_INFINITY) - nowMsOf(parts)
  const ms = Math.min(seconds * 1000, WATCH_SECONDS_MAX * 1000, Math.max(holdsMs, 0))
  const time = opening.use(deadline(parts.clock, ms, AbortSignal.any([asked.signal, lasting.signal])))
  const body = await watchBody(parts, watching, { opening, asked, signal: time.signal })
  return new Response(body, { headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' } })
}

async function watchBody(
  { feeds, clients, observer }: RouteParts,
  watching: Watching,
  asked: { readonly opening: DisposableStack; readonly asked: ResourceRequest; readonly signal: AbortSignal },
): Promise<ReadableStream<Uint8Array>> {
  const { opening, signal } = asked
  opening.defer(clients.watch(asked.asked.caller.name))
  const { feed } = opening.use(await feeds.use(watching.resource))
  opening.defer(observer.watching(watching.resource.plural))
  const all = opening.move()
  return streamOf(
    until => watchLines({ ...feeds.parts, feed }, watching, until),
    signal,
    () => all.dispose(),
  )
}

// A watch of one object may name it in its path or by a field selector.
function chosen({ query, resource, target }: ResourceRequest) {
  const { namespace, name } = target
  const matches = matchesOf(query, resource)
  return { namespace, matches: name === undefined ? matches : both(matches, ({ metadata }) => metadata.name === name) }
}

// Undefined: with all that is there. A revision that is still to come is not one of this cloud: what it was read from has
// been put back to an older state. Kubernetes waits for it, for ever; 410 is what all clients understand, and list again.
async function beginning(parts: RouteParts, { begin }: WatchOptions, signal: AbortSignal) {
  const { store } = parts.objects
  if (begin.kind === 'now') return store.revision(signal)
  if (begin.kind === 'all') {
    if (begin.atLeast > 0) await revisionFor(parts, { kind: 'notOlderThan', revision: begin.atLeast }, signal)
    return undefined
  }
  const [current, oldest] = await Promise.all([store.revision(signal), store.oldestRevision(signal)])
  const { revision } = begin
  if (revision > current) throw tooLarge('Expired', revision, current)
  if (revision + 1 >= oldest) return revision
  throw apiFault('Expired', `too old resource version: ${revision} (${oldest})`)
}
