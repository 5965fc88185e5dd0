import { revisionOf } from './change.ts'
import { Checkpoints } from './checkpoints.ts'
import { openEngine } from './engine.ts'
import { keyspaceFault } from './faults.ts'
import type { HistoryKept } from './history.ts'
import type { LocalKeyspace, Revision } from './keyspace.ts'
import { HISTORY, SYNC_EVERY_MS } from './limits.ts'
import { indexPlace, markDamaged, openStore, type StoreOptions } from './store.ts'

/** What a keyspace on this machine's disk needs. */
export interface EmbeddedOptions extends StoreOptions {
  /** 10 minutes or 100,000 revisions when undefined; `{ ms: 0, revisions: 0 }` keeps current values only. */
  readonly history?: HistoryKept | undefined
  /** Unsynced commits are synced by then even if nobody asks; 1000 when undefined. */
  readonly syncEveryMs?: number | undefined
  /**
   * Brings everything up to a revision to the disks of other machines, beside each sync of the log, which is over when both are. What
   * rejects with a fault to be tried again later fails that sync only.
   */
  readonly shipped?: ((target: Revision) => Promise<void>) | undefined
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

async function openParts(options: EmbeddedOptions, lock: Disposable): Promise<LocalKeyspace> {
  const { world, folder, history = HISTORY, syncEveryMs = SYNC_EVERY_MS } = options
  const place = indexPlace(options, history.ms > 0 && history.revisions > 0)
  const { index, log } = await openStore(options, place)
  if (index.state.compacted > log.last) {
    await index.close(false)
    throw keyspaceFault('NotWhole', `${folder} was being filled: revision ${index.state.compacted} has not come`)
  }
  const checkpoints = new Checkpoints({ world, folder, index, log })
  if (!checkpoints.whole) await checkpoints.write(new AbortController().signal)
  return openEngine({
    world,
    log,
    index,
    history,
    syncEveryMs,
    beforeSync: options.beforeSync ?? (() => Promise.resolve()),
    shipped: options.shipped,
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
