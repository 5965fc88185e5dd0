import { isFault, type World } from '#base'
import { revisionOf } from './change.ts'
import { checkpointIn, loadCheckpoint } from './checkpoint.ts'
import type { CommitLog } from './commit-log.ts'
import { keyspaceFault } from './faults.ts'
import { VERIFY_AT_OPEN_BYTES_MAX, VERIFY_CLEAN_AT_OPEN_BYTES_MAX } from './limits.ts'
import { logDamaged } from './log/recover.ts'
import { openSegmentLog } from './log/segment-log.ts'
import type { Survived } from './log/tail.ts'
import type { IndexFactory, IndexPlace, RowIndex } from './row-index.ts'

/** What log and index of a folder are opened with. */
export interface StoreOptions {
  readonly world: World
  readonly folder: string
  readonly index: IndexFactory
  /** Awaited before records that were found in the log are made durable. */
  readonly beforeSync?: (() => Promise<void>) | undefined
  readonly survived?: Survived | undefined
}

/** A log and the index that has all of it. */
export interface OpenStore {
  readonly index: RowIndex
  readonly log: CommitLog
}

/** Where the index of a folder lies. */
export function indexPlace({ world, folder }: StoreOptions, keepHistory: boolean): IndexPlace {
  return { world, folder: `${folder}/index`, keepHistory }
}

/**
 * Opens both; an index that is damaged, missing or too old is rebuilt from checkpoint and log. Faults: NewerVersion, LogDamaged,
 * CheckpointDamaged, DiskFull, DiskFailed.
 */
export async function openStore(options: StoreOptions, place: IndexPlace): Promise<OpenStore> {
  try {
    return await openWith(options, place)
  } catch (error) {
    if (!isFault(error, 'IndexDamaged')) throw error
    place.world.log.warn('keyspace: the index is rebuilt', { folder: options.folder, why: error.message })
    options.index.remove(place)
    place.world.disk.remove(damagedMark(place))
    return await openWith(options, place)
  }
}

async function openWith(options: StoreOptions, place: IndexPlace): Promise<OpenStore> {
  const { world, folder } = options
  if (world.disk.stat(damagedMark(place)) !== undefined) {
    throw keyspaceFault('IndexDamaged', 'damage was found in the index while it was in use')
  }
  const index = await options.index.open(place)
  try {
    const { clean, applied } = index.state
    const verifiedNow = clean ? VERIFY_CLEAN_AT_OPEN_BYTES_MAX : VERIFY_AT_OPEN_BYTES_MAX
    if (index.bytes() <= verifiedNow) await index.verify(new AbortController().signal)
    const checkpoint = applied === 0 ? checkpointIn(world.disk, folder) : undefined
    if (checkpoint !== undefined) await loadCheckpoint(world.disk, folder, index)
    const { beforeSync, survived } = options
    const known = index.state.applied
    const log = await openSegmentLog({ world, folder: `${folder}/log`, known, beforeSync, survived })
    await catchUp(log, index, `${folder}/log`)
    return { index, log }
  } catch (error) {
    await index.close(false)
    throw error
  }
}

// The log was synced when it was opened, so the index is never ahead of what is durable.
async function catchUp(log: CommitLog, index: RowIndex, folder: string): Promise<void> {
  const { applied } = index.state
  if (log.first > applied + 1) {
    // An emptied index has nothing to fall back to; one that lost its newest part has.
    if (applied > 0 && log.first > 1) throw keyspaceFault('IndexDamaged', `the index ends at revision ${applied}`)
    throw logDamaged(`${folder} begins at revision ${log.first}`, applied + 1)
  }
  const cursor = log.cursor(revisionOf(applied + 1))
  for (;;) {
    const records = cursor.next()
    if (records.length === 0) return
    await index.apply(Buffer.concat(records.map(record => record.bytes)))
  }
}

function damagedMark(place: IndexPlace): string {
  return `${place.folder}/damaged`
}

/** The next opening makes the index anew. */
export function markDamaged(place: IndexPlace): void {
  place.world.disk.open(damagedMark(place), 'create').close()
}
