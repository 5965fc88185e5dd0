import type { Clock, Turns } from '#base'
import type { Revision } from '#keyspace'
import type { Resource } from '#schema'
import {
  BOOKMARK_SECONDS,
  CHANGES_IN_TURN,
  FEED_BYTES_MAX,
  FEED_CHANGES_MAX,
  FEED_PAST_REVISIONS,
  FEED_READ_MAX,
} from '../limits.ts'
import type { ObjectChange } from '../store/object-change.ts'
import type { ObjectStore } from '../store/object-store.ts'

/** What feeds work with. */
export interface FeedParts {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly turns: Turns
}

const NEVER = new AbortController().signal

/** A change, and the lines that watchers were shown of it: encoded once for all who want the same, while it is new. */
export interface FeedEntry {
  readonly sequence: number
  readonly change: ObjectChange
  readonly lines: Map<string, Uint8Array> | undefined
}

interface KeptEntry extends FeedEntry {
  lines: Map<string, Uint8Array> | undefined
}

/**
 * The newest changes of one resource, read from the keyspace once and shared by all who watch it. It keeps FEED_CHANGES_MAX
 * changes and FEED_BYTES_MAX bytes, whoever is slow: one who comes too late for a change is told so.
 */
export class Feed implements Disposable {
  readonly #ended = new AbortController()
  readonly #wakers = new Set<() => void>()
  #entries: KeptEntry[] = []
  #nextSequence = 0
  #bytes = 0
  #covers: Revision
  #revision: Revision
  #ticks = 0
  #failure: Error | undefined

  private constructor(from: Revision) {
    this.#covers = from
    this.#revision = from
  }

  /** Begins a little in the past, so that those who come back go on where they were. */
  static async open({ store, clock, turns }: FeedParts, resource: Resource): Promise<Feed> {
    const [now, oldest] = await Promise.all([store.revision(NEVER), store.oldestRevision(NEVER)])
    const from = Math.min(now, Math.max(oldest, now - FEED_PAST_REVISIONS))
    const feed = new Feed(from as Revision)
    void feed.#read({ store, turns }, resource)
    void feed.#tick(store, clock)
    return feed
  }

  /** True when it will have no more changes. */
  get isOver(): boolean {
    return this.#failure !== undefined
  }

  /** Every change up to this revision is in the feed, or has been. */
  get revision(): Revision {
    return this.#revision
  }

  /** Counts the times at which watchers who want bookmarks get one. */
  get ticks(): number {
    return this.#ticks
  }

  /** The sequence behind a revision; undefined when the feed no longer has all that came behind it. */
  join(after: Revision): number | undefined {
    if (after < this.#covers) return undefined
    const next = this.#entries.find(({ change }) => change.revision > after)
    return next?.sequence ?? this.#nextSequence
  }

  /** Changes from a sequence on; undefined when some of them are no longer kept. Faults: what ended the feed. */
  since(sequence: number): readonly FeedEntry[] | undefined {
    if (this.#failure !== undefined) throw this.#failure
    const first = this.#nextSequence - this.#entries.length
    return sequence < first ? undefined : this.#entries.slice(sequence - first)
  }

  /** Counts what an entry's lines take. */
  grew(bytes: number): void {
    this.#bytes += bytes
  }

  /** Resolves at the next change, tick or end, or when the signal aborts. */
  arrival(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        this.#wakers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#wakers.add(wake)
      signal.addEventListener('abort', wake, { once: true })
      if (signal.aborted) wake()
    })
  }

  [Symbol.dispose](): void {
    this.#ended.abort()
  }

  async #read({ store, turns }: Pick<FeedParts, 'store' | 'turns'>, resource: Resource): Promise<void> {
    try {
      const wanted = { namespace: undefined, after: this.#covers }
      let read = 0
      for await (const { changes, revision } of store.changes(resource, wanted, this.#ended.signal)) {
        for (const change of changes) this.#push(change)
        this.#revision = Math.max(this.#revision, revision) as Revision
        this.#trim()
        this.#wake()
        read += changes.length
        if (read < CHANGES_IN_TURN) continue
        await turns.take(this.#ended.signal)
        read = 0
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error('the changes cannot be read', { cause: error })
      this.#wake()
    }
  }

  async #tick(store: ObjectStore, clock: Clock): Promise<void> {
    while (!this.#ended.signal.aborted && this.#failure === undefined) {
      try {
        await clock.sleep(BOOKMARK_SECONDS * 1000, this.#ended.signal)
      } catch (error) {
        if (this.#ended.signal.aborted) return
        throw error
      }
      // Where a revision can be told at once, reading has caught up with it: it never waits for anything but changes.
      this.#revision = Math.max(this.#revision, store.revisionNow() ?? 0) as Revision
      this.#ticks += 1
      this.#wake()
    }
  }

  #push(change: ObjectChange): void {
    this.#entries.push({ sequence: this.#nextSequence, change, lines: new Map() })
    this.#nextSequence += 1
    this.#bytes += change.bytes
    const old = this.#entries.at(-FEED_READ_MAX)
    if (old !== undefined) this.#forget(old)
  }

  // Nearly all have been told of it: for those who are late it is read again.
  #forget(entry: KeptEntry): void {
    entry.change.forget()
    this.#bytes -= linesBytes(entry)
    entry.lines = undefined
  }

  // In large steps, because what is left moves.
  #trim(): void {
    if (this.#entries.length <= FEED_CHANGES_MAX && this.#bytes <= FEED_BYTES_MAX) return
    let drop = 0
    for (const entry of this.#entries) {
      if (this.#entries.length - drop <= FEED_CHANGES_MAX / 2 && this.#bytes <= FEED_BYTES_MAX / 2) break
      this.#bytes -= linesBytes(entry) + entry.change.bytes
      this.#covers = entry.change.revision
      drop += 1
    }
    this.#entries = this.#entries.slice(drop)
  }

  #wake(): void {
    for (const wake of this.#wakers) wake()
  }
}

function linesBytes({ lines }: FeedEntry): number {
  let bytes = 0
  for (const line of lines?.values() ?? []) bytes += line.byteLength
  return bytes
}
