import type { Clock, Turns } from '#base'
import type { Revision } from '#keyspace'
import type { Resource } from '#schema'
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
  readonly clock: Clock
  readonly turns: Turns
  readonly feed: Feed
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly after: Revision
}

/**
 * All changes of a resource behind a revision, in order, until the signal aborts. What the feed does not have, or no longer has
 * for one who is slow, is read from the keyspace. Faults: Expired when that has forgotten it too.
 */
export async function* follow(following: Following, signal: AbortSignal): AsyncGenerator<Step> {
  let { after } = following
  while (!signal.aborted) {
    const at = following.feed.join(after)
    const steps = at === undefined ? untilFed(following, after, signal) : fed(following, { at, after }, signal)
    for await (const step of steps) {
      yield step
      after = step.revision
    }
  }
}

// Changes from the feed, until it has forgotten what comes next.
async function* fed(
  { feed, clock, turns }: Following,
  from: { readonly at: number; readonly after: Revision },
  signal: AbortSignal,
): AsyncGenerator<Step> {
  let { at } = from
  let { ticks } = feed
  await turns.takeAhead(NEVER)
  while (!signal.aborted) {
    const entries: readonly FeedEntry[] | undefined = feed.since(at)
    if (entries === undefined) return
    const fresh = entries.filter(({ change }) => change.revision > from.after)
    at += entries.length
    if (fresh.length > 0) yield { entries: fresh, revision: feed.revision }
    else if (entries.length === 0 && feed.ticks !== ticks) {
      ticks = feed.ticks
      yield { entries: [], revision: feed.revision }
    } else if (entries.length === 0) {
      await feed.arrival(signal)
      // All that has come when the event loop has gone round is told at once: a line alone costs as much as many.
      await clock.sleep(0, NEVER)
      await turns.takeAhead(NEVER)
    }
  }
}

// Changes from the keyspace, until the feed has all that comes next.
async function* untilFed(following: Following, after: Revision, signal: AbortSignal): AsyncGenerator<Step> {
  const { store, turns, resource, namespace, feed } = following
  for await (const { changes, revision } of store.changes(resource, { namespace, after }, signal)) {
    const entries = changes.map(change => ({ sequence: -1, change, lines: undefined }))
    await turns.take(signal)
    if (entries.length > 0) yield { entries, revision }
    if (feed.join(revision) !== undefined) return
  }
}

const NEVER = new AbortController().signal
