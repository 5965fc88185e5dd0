import type { ByteString, Turns } from '#base'
import { revisionOf } from './change.ts'
import type { CommitLog, LogCursor } from './commit-log.ts'
import { type Span, spanOf } from './key-set.ts'
import type { KeyEvent, KeyValue, LogRecord, Revision, WatchBatch, WatchRequest } from './keyspace.ts'
import { compacted } from './log/cursor.ts'
import { decodeChanges } from './record.ts'
import { eventsIn, type Watcher, type WatchHub } from './watch-hub.ts'

/** What watches read: the log for history, the hub for what comes. */
export interface WatchSource {
  readonly hub: WatchHub
  readonly log: CommitLog
  /** Records from this one on that are still in memory; undefined when they have to be read from the log. */
  recent(from: Revision): readonly LogRecord[] | undefined
  /** Whoever reads history takes them. */
  readonly turns: Turns
  compacted(): Revision
  /** The entry of a key as of a revision; undefined where history is gone. */
  entryAt(key: ByteString, revision: Revision): KeyValue | undefined
  /** Why the keyspace no longer works, if so. */
  failure(): Error | undefined
}

/** See `Keyspace.watch`. A watch of what comes next starts with this call, not with the first batch asked for. */
export function watchEvents(
  source: WatchSource,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncIterable<WatchBatch> {
  const span = spanOf(request.keys)
  const previous = request.previous ?? false
  const from = request.from ?? revisionOf(source.log.last + 1)
  if (from !== source.log.last + 1) return pastThenLive(source, { span, previous, from }, signal)
  const watcher = source.hub.attach(span, previous)
  signal.addEventListener('abort', () => watcher.close(), { once: true })
  return live(watcher, from, signal)
}

interface Wanted {
  readonly span: Span
  readonly previous: boolean
  readonly from: Revision
}

async function* pastThenLive(source: WatchSource, wanted: Wanted, signal: AbortSignal): AsyncGenerator<WatchBatch> {
  const { span, previous, from } = wanted
  if (from < source.compacted() && source.compacted() > 0) throw compacted(source.compacted())
  const next = yield* past(source, wanted, signal)
  // Nothing was awaited since the log's end was seen, so no revision falls between it and the watcher.
  const watcher = source.hub.attach(span, previous)
  yield* live(watcher, revisionOf(Math.max(next, from)), signal)
}

async function* past(source: WatchSource, wanted: Wanted, signal: AbortSignal): AsyncGenerator<WatchBatch, Revision> {
  const { span, previous, from } = wanted
  let next = from
  if (from > source.log.last) return next
  const cursor = source.log.cursor(from)
  for (;;) {
    await source.turns.take(signal)
    const records = cursor.next()
    if (records.length === 0) return next
    for (const record of records) {
      next = revisionOf(record.revision + 1)
      const events = eventsIn(eventsOf(record), span, false)
      if (events.length > 0)
        yield { revision: record.revision, events: events.map(event => withPrevious(event, source, previous)) }
    }
  }
}

function eventsOf(record: LogRecord): KeyEvent[] {
  return decodeChanges(record.bytes).filter(change => change.kind === 'put' || change.kind === 'delete')
}

function withPrevious(event: KeyEvent, source: WatchSource, wanted: boolean): KeyEvent {
  if (!wanted) return event
  const key = event.kind === 'put' ? event.entry.key : event.key
  const revision = event.kind === 'put' ? event.entry.modRevision : event.revision
  return { ...event, previous: source.entryAt(key, revisionOf(revision - 1)) }
}

async function* live(watcher: Watcher, from: Revision, signal: AbortSignal): AsyncGenerator<WatchBatch> {
  try {
    for (;;) {
      for (const batch of await watcher.take(signal)) if (batch.revision >= from) yield batch
    }
  } finally {
    watcher.close()
  }
}

/** See `Keyspace.records`. */
export async function* watchRecords(
  source: WatchSource,
  from: Revision,
  signal: AbortSignal,
): AsyncGenerator<LogRecord> {
  let next = from
  let cursor: LogCursor | undefined = source.log.cursor(from)
  for (;;) {
    signal.throwIfAborted()
    const failure = source.failure()
    if (failure !== undefined) throw failure
    const recent = source.recent(next)
    if (recent !== undefined) cursor = undefined
    const records = recent ?? (cursor ??= source.log.cursor(next)).next()
    yield* records
    const last = records.at(-1)
    if (last === undefined) await source.hub.arrival(signal)
    else next = revisionOf(last.revision + 1)
  }
}
