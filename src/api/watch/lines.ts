import { isFault, type Step } from '#base'
import type { Revision } from '#keyspace'
import type { Json, KubeObject, Resource } from '#schema'
import type { View } from '../answers/view.ts'
import { CHANGES_IN_TURN, LARGE_CHANGE_BYTES, WATCH_CHUNK_BYTES } from '../limits.ts'
import { listPages } from '../objects/list.ts'
import type { Matches } from '../request/selectors.ts'
import { faultOf, statusOf } from '../status.ts'
import type { Feed, FeedEntry, FeedParts } from './feed.ts'
import { bookmarkOf, type EventType, eventOf, typeForAll } from './events.ts'
import type { ObjectChange } from '../store/object-change.ts'
import { prefixOf } from '../store/object-store.ts'
import { follow } from './follow.ts'

/** What of a resource is watched, and how it is told. */
export interface Watching {
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly matches: Matches | undefined
  /** Changes behind this one; undefined: all that is there first, then changes. */
  readonly after: Revision | undefined
  readonly wantsBookmarks: boolean
  /** A bookmark tells when all that was there has been sent. */
  readonly wantsInitialEnd: boolean
  readonly view: View
}

/**
 * A watch as lines of JSON, until the signal ends it; the last is a bookmark, for those who want them. What goes wrong
 * ends it with a line of type ERROR.
 */
export async function* watchLines(
  parts: FeedParts & { readonly feed: Feed },
  watching: Watching,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const teller = new Teller(watching, parts.feed)
  try {
    const after = watching.after ?? (yield* initialLines(parts, watching, teller, signal))
    let seen = after
    for await (const { entries, revision } of follow({ ...watching, ...parts, after }, signal)) {
      seen = revision
      if (entries.length > 0) yield* changeLines(parts, teller, entries, signal)
      else if (watching.wantsBookmarks) yield teller.bookmark(seen, false)
    }
    if (watching.wantsBookmarks) yield teller.bookmark(seen, false)
  } catch (error) {
    if (signal.aborted || isFault(error, 'Closed')) return
    yield lineOf('ERROR', statusOf(faultOf(error)))
  }
}

// Neither are those who have missed many told of all at once, nor all watchers of the same.
async function* changeLines(
  { turns }: FeedParts,
  teller: Teller,
  entries: readonly FeedEntry[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < entries.length; at += CHANGES_IN_TURN) {
    if (at > 0) await turns.take(signal)
    const some = entries.slice(at, at + CHANGES_IN_TURN)
    for (const { change } of some) if (teller.readsLarge(change)) await readInSteps(change, turns.steps(signal))
    yield* inChunks(teller.changes(some))
  }
}

// A change keeps what was read of it.
async function readInSteps(change: ObjectChange, step: Step): Promise<void> {
  for (const part of ['now', 'before'] as const) {
    void change[part]
    await step()
  }
}

async function* initialLines(
  parts: FeedParts,
  watching: Watching,
  teller: Teller,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, Revision> {
  const { resource, namespace, matches } = watching
  let revision: Revision | undefined
  for await (const page of listPages(parts, resource, { namespace, matches }, signal)) {
    revision = page.revision
    yield* inChunks(page.objects.values().map(object => teller.added(object)))
  }
  const end = revision ?? (await parts.store.revision(signal))
  if (watching.wantsInitialEnd) yield teller.bookmark(end, true)
  return end
}

/** Tells one watcher of changes. */
class Teller {
  readonly #watching: Watching
  readonly #feed: Feed
  readonly #prefix: string
  #isFirst = true

  constructor(watching: Watching, feed: Feed) {
    this.#watching = watching
    this.#feed = feed
    this.#prefix = prefixOf(watching.resource, watching.namespace)
  }

  added(object: KubeObject): Uint8Array {
    return this.#line('ADDED', object)
  }

  bookmark(revision: Revision, isInitialEnd: boolean): Uint8Array {
    return this.#line('BOOKMARK', bookmarkOf(this.#watching.resource, revision, isInitialEnd))
  }

  /** True when what is told of a change is read from large objects. */
  readsLarge({ bytes, key }: ObjectChange): boolean {
    const { matches, view } = this.#watching
    return (
      bytes >= LARGE_CHANGE_BYTES && (matches !== undefined || view.form === 'table') && key.startsWith(this.#prefix)
    )
  }

  changes(entries: readonly FeedEntry[]): Uint8Array[] {
    return entries.flatMap(entry => this.#change(entry) ?? [])
  }

  // What all of one view are told is encoded once; only a table's first line has columns.
  #change({ change, lines }: FeedEntry): Uint8Array | undefined {
    const { matches, view } = this.#watching
    if (!change.key.startsWith(this.#prefix)) return undefined
    const { form } = view
    if (matches === undefined && form !== 'table') {
      const type = typeForAll(change)
      const make = () => unreadLine(type, change.text(form)) ?? this.#lineOf(change)
      return this.#kept(lines, `${type} ${view.id}`, make)
    }
    const event = eventOf(change, matches)
    if (event === undefined) return undefined
    if (this.#isFirst && form === 'table') return this.#line(event.type, event.object)
    return this.#kept(lines, `${event.type} ${view.id}`, () => this.#line(event.type, event.object))
  }

  #lineOf(change: ObjectChange): Uint8Array | undefined {
    const event = eventOf(change, undefined)
    return event && this.#line(event.type, event.object)
  }

  #kept(lines: FeedEntry['lines'], key: string, make: () => Uint8Array | undefined): Uint8Array | undefined {
    const line = lines?.get(key) ?? make()
    if (line === undefined || lines === undefined || lines.has(key)) return line
    lines.set(key, line)
    this.#feed.grew(line.byteLength)
    return line
  }

  #line(type: string, object: KubeObject): Uint8Array {
    const shown = this.#watching.view.show(object, this.#isFirst)
    this.#isFirst = false
    return lineOf(type, shown)
  }
}

// Most watches show objects as they are stored, or their metadata: those are not read, only told.
function unreadLine(type: EventType, text: Uint8Array | undefined): Uint8Array | undefined {
  return text && Buffer.concat([Buffer.from(`{"type":"${type}","object":`), text, LINE_END])
}

const LINE_END = Buffer.from('}\n')

function lineOf(type: string, object: Json): Uint8Array {
  return Buffer.from(`{"type":"${type}","object":${JSON.stringify(object)}}\n`)
}

// Few pieces, none of them large. While one is not taken, those behind it are not made.
function* inChunks(lines: Iterable<Uint8Array>): Generator<Uint8Array> {
  let held: Uint8Array[] = []
  let bytes = 0
  for (const line of lines) {
    held.push(line)
    bytes += line.byteLength
    if (bytes < WATCH_CHUNK_BYTES) continue
    const chunk = joined(held)
    held = []
    bytes = 0
    yield chunk
  }
  if (held.length > 0) yield joined(held)
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  const [only] = lines
  return lines.length === 1 && only !== undefined ? only : Buffer.concat(lines)
}
