import { isFault, type World } from '#base'
import { revisionOf } from './change.ts'
import { blocksOf, checkpointIn, checkpointPath, writeCheckpoint } from './checkpoint.ts'
import type { Revision } from './keyspace.ts'
import { CHECKPOINT_LOG_BYTES_MIN, SCRUB_PAUSE_MS, VERIFY_CLEAN_AT_OPEN_BYTES_MAX } from './limits.ts'
import type { OpenStore } from './store.ts'

interface CheckpointParts extends OpenStore {
  readonly world: World
  readonly folder: string
}

/**
 * Keeps the index rebuildable: writes a checkpoint when the log has grown by as much as the last one holds (each byte
 * logged is copied about once), or when log and checkpoint no longer make a whole.
 */
export class Checkpoints {
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
