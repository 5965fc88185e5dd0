import type { World } from '#base'
import { openEngine } from './engine.ts'
import type { HistoryKept } from './history.ts'
import type { LocalKeyspace } from './keyspace.ts'
import { HISTORY, SYNC_EVERY_MS } from './limits.ts'
import { MemoryIndex } from './memory-index.ts'
import { MemoryLog } from './memory-log.ts'

/** What a keyspace in memory needs. */
export interface MemoryOptions {
  readonly world: World
  readonly history?: HistoryKept | undefined
}

/** Opens an empty keyspace in memory. */
export function openMemoryKeyspace({ world, history = HISTORY }: MemoryOptions): LocalKeyspace {
  const log = new MemoryLog()
  const nothing = (): Promise<void> => Promise.resolve()
  return openEngine({
    world,
    log,
    index: new MemoryIndex(history.ms > 0 && history.revisions > 0),
    history,
    syncEveryMs: SYNC_EVERY_MS,
    beforeSync: nothing,
    maintain: nothing,
    logNeeded: () => log.last,
    indexDamaged: () => undefined,
    failed: () => undefined,
    closed: nothing,
  })
}
