import type { Revision } from '#keyspace'
import type { Resource } from '#schema'
import { apiFault } from '../faults.ts'
import type { ObjectStore } from '../store/object-store.ts'
import type { Feed, FeedEntry } from './feed.ts'

/** Changes that have come; none when it is time for a bookmark. */
export interface Step {
  readonly entries: readonly FeedEntry[]
  /** Every change up to this revision has been told. */
  readonly revision: Revision
}

/** What is followed, from where. */
export interface Following {
  readonly store: ObjectStore
  readonly feed: Feed
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly after: Revision
}

/**
 * All changes of a resource behind a revision, in order, until the signal aborts: what the feed no longer has is read from
 * the keyspace. Faults: Expired, also for one who is so slow that the feed has forgotten what he has not seen.
 */
export async function* follow(following: Following, signal: AbortSignal): AsyncGenerator<Step> {
  const { feed } = following
  let { after } = following
  let at = feed.join(after)
  if (at === undefined) {
    for await (const step of past(following, signal)) {
      yield step
      after = step.revision
      at = feed.join(after)
      if (at !== undefined) break
    }
  }
  let { ticks } = feed
  while (!signal.aborted && at !== undefined) {
    const entries: readonly FeedEntry[] | undefined = feed.since(at)
    if (entries === undefined) throw tooSlow()
    const fresh = entries.filter(({ change }) => change.revision > after)
    at += entries.length
    if (fresh.length > 0) yield { entries: fresh, revision: feed.revision }
    else if (entries.length === 0 && feed.ticks !== ticks) {
      ticks = feed.ticks
      yield { entries: [], revision: feed.revision }
    } else if (entries.length === 0) await feed.arrival(signal)
  }
}

async function* past(following: Following, signal: AbortSignal): AsyncGenerator<Step> {
  const { store, resource, namespace, after } = following
  for await (const { changes, revision } of store.changes(resource, { namespace, after }, signal)) {
    const entries = changes.map(change => ({ sequence: -1, change, lines: new Map<string, Uint8Array>() }))
    if (entries.length > 0) yield { entries, revision }
  }
}

function tooSlow(): Error {
  return apiFault('Expired', 'The watch was too slow to be told of every change', { hint: 'list again, then watch' })
}
