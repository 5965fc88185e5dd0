import { isFault } from '#base'
import { revisionOf } from '../change.ts'
import type { KeyEvent, Keyspace, KeyValue, LeaseId, Revision } from '../keyspace.ts'
import { refuseInside, refuseSamePlace } from './apart.ts'
import { ALL, pagesOf } from './backup.ts'
import { empty, endFilling, type Filling, fill, refuseFull } from './fill.ts'
import { dropMark, isMark, putMark } from './marks.ts'
import type { FillingTold } from './restore.ts'

/** What is moved where. */
export interface Migrating {
  readonly source: Keyspace
  readonly target: Keyspace
  readonly isForced: boolean
  /** Called when the target has nearly everything: nobody writes to the source any more when it resolves. */
  readonly freeze: () => Promise<void>
  /** Words that nobody else chooses. */
  readonly token: string
}

/**
 * Moves everything to another keyspace: copies it as of one revision while writes go on, follows what changes, lets the
 * writers be stopped, and takes over the rest. Answers how many entries were copied at first; the target then is the one
 * that counts, and {@link markMoved} tells so in the source. What is cut off before leaves the source as it was, and a target
 * that is refused as Unfinished.
 * Faults: NotEmpty, SamePlace; Compacted when copying takes longer than history is kept.
 */
export async function migrateKeyspace(
  migrating: Migrating,
  tell: (told: FillingTold) => void,
  signal: AbortSignal,
): Promise<number> {
  const { source, target, freeze } = migrating
  await begin(migrating, signal)
  const leases = new MovedLeases(source, target)
  const { revision, count } = await source.range({ keys: ALL, want: 'count' }, signal)
  let entries = 0
  for await (const page of pagesOf(source, { revision }, signal)) {
    await fill(target, await leases.filling(page.map(putEvent), signal), signal)
    entries += page.length
    tell({ kind: 'copied', entries, entriesAll: Math.max(entries, count) })
  }
  // A put of the mark is the event that says that everything before it has come.
  const knock = (): Promise<Revision> => putMark(source, 'moving', migrating.token, signal)
  let until = await knock()
  let isFrozen = false
  const from = revisionOf(revision + 1)
  for await (const { events, revision: reached } of source.watch({ keys: ALL, from }, signal)) {
    await fill(target, await leases.filling(events, signal), signal)
    if (reached < until) continue
    if (isFrozen) break
    await freeze()
    isFrozen = true
    until = await knock()
  }
  await endFilling(target, { above: until, tell: revisionsLeft => tell({ kind: 'raising', revisionsLeft }) }, signal)
  return entries
}

/** Says in a keyspace that everything was moved, and where to: it is refused from now on. */
export async function markMoved(source: Keyspace, targetWords: string, signal: AbortSignal): Promise<void> {
  await source.sync(await putMark(source, 'moved', targetWords, signal), signal)
}

async function begin({ source, target, isForced, token }: Migrating, signal: AbortSignal): Promise<void> {
  await refuseFull(target, isForced, signal)
  await refuseSamePlace({ source, target, words: token }, signal)
  await putMark(target, 'unfinished', token, signal)
  try {
    await refuseInside(source, token, signal)
  } catch (error) {
    await dropMark(target, 'unfinished', signal)
    throw error
  }
  await empty(target, signal)
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
