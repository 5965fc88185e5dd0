import { isFault, type World } from '#base'
import { revisionOf } from './change.ts'
import { blocksOf, checkpointIn, checkpointPath, loadCheckpoint, writeCheckpoint } from './checkpoint.ts'
import type { CommitLog } from './commit-log.ts'
import { openEngine } from './engine.ts'
import { keyspaceFault } from './faults.ts'
import type { HistoryKept } from './history.ts'
import type { LocalKeyspace, Revision } from './keyspace.ts'
import {
  CHECKPOINT_LOG_BYTES_MIN,
  HISTORY,
  SCRUB_PAUSE_MS,
  SYNC_EVERY_MS,
  VERIFY_AT_OPEN_BYTES_MAX,
  VERIFY_CLEAN_AT_OPEN_BYTES_MAX,
} from './limits.ts'
import { openSegmentLog } from './log/segment-log.ts'
import type { Survived } from './log/tail.ts'
import { logDamaged } from './log/recover.ts'
import type { IndexFactory, IndexPlace, RowIndex } from './row-index.ts'

/** What a keyspace on this machine's disk needs. */
export interface EmbeddedOptions {
  readonly world: World
  readonly folder: string
  readonly index: IndexFactory
  /** 10 minutes or 100,000 revisions when undefined; `{ ms: 0, revisions: 0 }` keeps current values only. */
  readonly history?: HistoryKept | undefined
  /** Unsynced commits are synced by then even if nobody asks; 1000 when undefined. */
  readonly syncEveryMs?: number | undefined
  /** Awaited before each sync of the log, for bytes that the records about to be durable name. */
  readonly beforeSync?: (() => Promise<void>) | undefined
  readonly survived?: Survived | undefined
  /** Hears once why nothing more is committed until the keyspace is opened again, such as a disk that failed. */
  readonly failed?: ((error: Error) => void) | undefined
}

/**
 * Opens or creates the keyspace in a folder. The log is the truth; an index that is damaged, missing or too old is
 * rebuilt from the checkpoint and the log. Faults: InUse, NewerVersion, LogDamaged, CheckpointDamaged, DiskFull, DiskFailed.
 */
export async function openEmbeddedKeyspace(options: EmbeddedOptions): Promise<LocalKeyspace> {
  const { world, folder } = options
  world.disk.makeFolder(folder)
  const lock = world.disk.lock(`${folder}/lock`)
  if (lock === undefined) {
    throw keyspaceFault('InUse', `${folder} is open in another process`, { hint: 'Stop the other process first.' })
  }
  try {
    return await openParts(options, lock)
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

interface OpenStore {
  readonly index: RowIndex
  readonly log: CommitLog
}

async function openParts(options: EmbeddedOptions, lock: Disposable): Promise<LocalKeyspace> {
  const { world, folder, history = HISTORY, syncEveryMs = SYNC_EVERY_MS } = options
  const place = { world, folder: `${folder}/index`, keepHistory: history.ms > 0 && history.revisions > 0 }
  const { index, log } = await openStore(options, place)
  const checkpoints = new Checkpoints({ world, folder, index, log })
  if (!checkpoints.whole) await checkpoints.write(new AbortController().signal)
  return openEngine({
    world,
    log,
    index,
    history,
    syncEveryMs,
    beforeSync: options.beforeSync ?? (() => Promise.resolve()),
    maintain: signal => checkpoints.maintain(signal),
    logNeeded: () => revisionOf(checkpoints.applied + 1),
    indexDamaged: () => markDamaged(place),
    failed: options.failed ?? (() => undefined),
    closed: async clean => {
      await index.close(clean)
      lock[Symbol.dispose]()
    },
  })
}

async function openStore(options: EmbeddedOptions, place: IndexPlace): Promise<OpenStore> {
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

async function openWith(options: EmbeddedOptions, place: IndexPlace): Promise<OpenStore> {
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

function markDamaged(place: IndexPlace): void {
  place.world.disk.open(damagedMark(place), 'create').close()
}

interface CheckpointParts extends OpenStore {
  readonly world: World
  readonly folder: string
}

/**
 * Keeps the index rebuildable: writes a checkpoint when the log has grown by as much as the last one holds (each byte
 * logged is copied about once), or when log and checkpoint no longer make a whole.
 */
class Checkpoints {
  readonly #parts: CheckpointParts
  #bytes: number
  #scrubbed = false
  readonly #verifyIndex: boolean
  /** The log up to this revision is not needed to rebuild the index. */
  applied: Revision

  constructor(parts: CheckpointParts) {
    this.#parts = parts
    this.#verifyIndex = parts.index.bytes() > VERIFY_CLEAN_AT_OPEN_BYTES_MAX
    const found = usableCheckpoint(parts)
    this.applied = found?.applied ?? revisionOf(0)
    this.#bytes = found?.bytes ?? 0
  }

  /** False when the index could not be rebuilt now. */
  get whole(): boolean {
    return this.#parts.log.first <= this.applied + 1
  }

  /** Reads index, log and checkpoint once after each opening, then writes a checkpoint when one is due. */
  async maintain(signal: AbortSignal): Promise<void> {
    const sound = this.#scrubbed || (await this.#scrub(signal))
    this.#scrubbed = true
    const due = this.#parts.log.bytes >= Math.max(this.#bytes, CHECKPOINT_LOG_BYTES_MIN)
    if (!sound || due) await this.write(signal)
  }

  async write(signal: AbortSignal): Promise<void> {
    const { world, folder, index } = this.#parts
    this.applied = await writeCheckpoint({ world, folder, index }, signal)
    this.#bytes = checkpointIn(world.disk, folder)?.bytes ?? 0
  }

  // Damage of the index ends the keyspace: the next opening rebuilds it. Damage of the others is replaced here.
  async #scrub(signal: AbortSignal): Promise<boolean> {
    const { world, folder, log, index } = this.#parts
    if (this.#verifyIndex) await index.verify(signal)
    try {
      const cursor = log.cursor(log.first)
      while (cursor.next().length > 0) await world.clock.sleep(SCRUB_PAUSE_MS, signal)
      if (this.applied === 0) return true
      for (const _ of blocksOf(world.disk, checkpointPath(folder))) await world.clock.sleep(SCRUB_PAUSE_MS, signal)
      return true
    } catch (error) {
      if (isFault(error, 'Compacted')) return true
      if (!isFault(error, 'LogDamaged') && !isFault(error, 'CheckpointDamaged')) throw error
      world.log.warn('keyspace: damage found, a new checkpoint replaces it', { what: error.message })
      return false
    }
  }
}

// Beside a sound index a damaged checkpoint costs nothing: the next one replaces it.
function usableCheckpoint(parts: CheckpointParts): { readonly applied: Revision; readonly bytes: number } | undefined {
  try {
    return checkpointIn(parts.world.disk, parts.folder)
  } catch (error) {
    if (!isFault(error, 'CheckpointDamaged')) throw error
    parts.world.log.warn('keyspace: the checkpoint is damaged and will be replaced', { what: error.message })
    return undefined
  }
}
