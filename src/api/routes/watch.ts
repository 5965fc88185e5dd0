import type { Clock } from '#base'
import type { JsonObject, KubeObject } from '#schema'
import { formOf } from '../answers/negotiate.ts'
import { partialOf, tableOf } from '../answers/table.ts'
import { WATCH_SECONDS_MIN } from '../limits.ts'
import { revisionOf } from '../objects/objects.ts'
import { watchObjects } from '../objects/watch.ts'
import { countOf, flagOf, includeOf } from '../request/parameters.ts'
import { faultOf, statusOf } from '../status.ts'
import { nowMsOf, type ResourceRequest, type RouteParts } from './asked.ts'
import { both, matchesOf } from './list.ts'

/** Answers changes of a resource as they come, one JSON document a line. Faults: BadRequest. */
export function answerWatch(parts: RouteParts, asked: ResourceRequest): Response {
  const { resource, query, target } = asked
  const seconds = countOf(query, 'timeoutSeconds') ?? WATCH_SECONDS_MIN * 2
  const signal = signalFor(parts.clock, seconds * 1000, asked.signal)
  const version = query.get('resourceVersion') ?? ''
  const wantsInitialEnd = flagOf(query, 'sendInitialEvents')
  const wantsBookmarks = flagOf(query, 'allowWatchBookmarks')
  const matches = matchesOf(query, resource)
  const request = {
    namespace: target.namespace,
    matches: target.name === undefined ? matches : both(matches, ({ metadata }) => metadata.name === target.name),
    after: wantsInitialEnd || version === '' || version === '0' ? undefined : revisionOf(version),
    wantsBookmarks,
    wantsInitialEnd: wantsInitialEnd && wantsBookmarks,
    show: shower(parts, asked),
  }
  const events = watchObjects({ store: parts.objects.store, clock: parts.clock }, resource, request, signal)
  return new Response(linesOf(events, signal), { status: 200, headers: { 'content-type': 'application/json' } })
}

// Aborts with `signal`, or after so long.
function signalFor(clock: Clock, ms: number, signal: AbortSignal): AbortSignal {
  const ended = new AbortController()
  clock.sleep(ms, signal).then(
    () => ended.abort(),
    () => ended.abort(),
  )
  return ended.signal
}

function shower(parts: RouteParts, { request, resource, query }: ResourceRequest): (object: KubeObject) => JsonObject {
  const form = formOf(request.headers.get('accept') ?? '')
  const include = includeOf(query)
  let isFirst = true
  return object => {
    if (form === 'object') return object
    if (form === 'partial') return partialOf(object)
    const metadata = { resourceVersion: object.metadata.resourceVersion }
    const table = tableOf(resource, [object], { include, metadata, nowMs: nowMsOf(parts) })
    const shown = isFirst ? table : { ...table, columnDefinitions: null }
    isFirst = false
    return shown
  }
}

// One JSON document a line; a fault in the middle is a line of its own, as client-go expects.
function linesOf(events: AsyncGenerator<JsonObject>, signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await events.next()
        if (next.done === true) controller.close()
        else controller.enqueue(Buffer.from(`${JSON.stringify(next.value)}\n`))
      } catch (error) {
        if (!signal.aborted) {
          controller.enqueue(Buffer.from(`${JSON.stringify({ type: 'ERROR', object: statusOf(faultOf(error)) })}\n`))
        }
        controller.close()
      }
    },
    async cancel() {
      await events.return(undefined)
    },
  })
}
