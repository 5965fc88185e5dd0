import { isFault } from '#base'
import { revisionOf } from '../change.ts'
import type { KeyEvent, Keyspace, KeyValue, LeaseId, Revision } from '../keyspace.ts'
import { pagesOf } from './backup.ts'
import { beginFilling, endFilling, type Filling, fill, putMark } from './fill.ts'
import { isMark } from './marks.ts'
import type { FillingTold } from './restore.ts'

/** What is moved where. */
export interface Migrating {
  readonly source: Keyspace
  readonly target: Keyspace
  readonly isForced: boolean
  /** What the mark in the source says about the target. */
  readonly targetWords: string
  /** Called when the target has nearly everything: nobody writes to the source any more when it resolves. */
  readonly freeze: () => Promise<void>
}

/**
 * Moves everything to another keyspace: copies it as of one revision while writes go on, follows what changes, lets the
 * writers be stopped, and takes over the rest. The source then says that it has moved. Answers how many entries were
 * copied at first. What is cut off leaves the source as it was, and a target that is refused as Unfinished.
 * Faults: NotEmpty; Compacted when copying takes longer than history is kept.
 */
export async function migrateKeyspace(
  migrating: Migrating,
  tell: (told: FillingTold) => void,
  signal: AbortSignal,
): Promise<number> {
  const { source, target, freeze } = migrating
  await beginFilling(target, migrating.isForced, signal)
  const leases = new MovedLeases(source, target)
  const all = { kind: 'prefix', prefix: '' } as const
  const { revision, count } = await source.range({ keys: all, want: 'count' }, signal)
  let entries = 0
  for await (const page of pagesOf(source, { revision }, signal)) {
    await fill(target, await leases.filling(page.map(putEvent), signal), signal)
    entries += page.length
    tell({ kind: 'copied', entries, entriesAll: Math.max(entries, count) })
  }
  // A put of the mark is the event that says that everything before it has come.
  const knock = (): Promise<Revision> => putMark(source, 'moving', migrating.targetWords, signal)
  let until = await knock()
  let isFrozen = false
  const from = revisionOf(revision + 1)
  for await (const { events, revision: reached } of source.watch({ keys: all, from }, signal)) {
    await fill(target, await leases.filling(events, signal), signal)
    if (reached < until) continue
    if (isFrozen) break
    await freeze()
    isFrozen = true
    until = await knock()
  }
  await endFilling(target, until, revisionsLeft => tell({ kind: 'raising', revisionsLeft }), signal)
  // Last: whatever is cut off before, the source is as good as it was.
  const moved = await putMark(source, 'moved', migrating.targetWords, signal)
  await source.sync(moved, signal)
  return entries
}

/** The leases of the source, made anew in the target with their whole time. */
class MovedLeases {
  readonly #source: Keyspace
  readonly #target: Keyspace
  readonly #leases = new Map<LeaseId, LeaseId | undefined>()

  constructor(source: Keyspace, target: Keyspace) {
    this.#source = source
    this.#target = target
  }

  async filling(events: readonly KeyEvent[], signal: AbortSignal): Promise<Filling[]> {
    const filling: Filling[] = []
    for (const event of events) {
      const key = event.kind === 'put' ? event.entry.key : event.key
      if (isMark(key)) continue
      if (event.kind === 'delete') {
        filling.push({ gone: key })
        continue
      }
      const { lease } = event.entry
      const moved = lease === undefined ? undefined : await this.#moved(lease, signal)
      // A lease that has ended takes its keys with it.
      filling.push(lease !== undefined && moved === undefined ? { gone: key } : { entry: event.entry, lease: moved })
    }
    return filling
  }

  async #moved(lease: LeaseId, signal: AbortSignal): Promise<LeaseId | undefined> {
    if (!this.#leases.has(lease)) {
      const ttlMs = await this.#source.keepAlive(lease, signal).catch((error: unknown) => {
        if (isFault(error, 'LeaseNotFound')) return undefined
        throw error
      })
      this.#leases.set(lease, ttlMs === undefined ? undefined : await this.#target.grant(ttlMs, signal))
    }
    return this.#leases.get(lease)
  }
}

function putEvent(entry: KeyValue): KeyEvent {
  return { kind: 'put', entry, previous: undefined }
}
