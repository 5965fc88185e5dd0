import { type Change, revisionOf } from '../change.ts'
import type { KeyEvent, LogRecord, Revision, WatchBatch } from '../keyspace.ts'
import { encodeRecord } from '../record.ts'

/** The revisions of a watch of everything as records of a log. Grants and ends of leases are not among them. */
export async function* recordsOf(batches: AsyncIterable<WatchBatch>): AsyncGenerator<LogRecord> {
  for await (const { events } of batches) {
    for (const [revision, changes] of byRevision(events)) yield { revision, bytes: encodeRecord(revision, changes) }
  }
}

/** The revision that made an event. */
export function revisionOfEvent(event: KeyEvent): Revision {
  return event.kind === 'put' ? event.entry.modRevision : event.revision
}

function byRevision(events: readonly KeyEvent[]): Map<Revision, Change[]> {
  const revisions = new Map<Revision, Change[]>()
  for (const event of events) {
    const revision = revisionOf(revisionOfEvent(event))
    const changes = revisions.get(revision) ?? []
    changes.push(changeOf(event))
    revisions.set(revision, changes)
  }
  return revisions
}

function changeOf(event: KeyEvent): Change {
  if (event.kind === 'delete') return { ...event, previous: undefined }
  return { kind: 'put', entry: { ...event.entry }, previous: undefined }
}
