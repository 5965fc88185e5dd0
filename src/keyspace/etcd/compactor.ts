import { isFault, whyOf, type World } from '#base'
import type { Keyspace, Revision } from '../keyspace.ts'

/** What is kept short. */
export interface Kept {
  readonly keyspace: Keyspace
  readonly world: World
  readonly historyMs: number
}

/**
 * Compacts what is older than `historyMs`, until aborted: etcd keeps all history until somebody asks it to forget. Several
 * servers may do this beside each other, for each forgets only what it has seen to be that old.
 */
export async function keepHistoryShort({ keyspace, world, historyMs }: Kept, signal: AbortSignal): Promise<void> {
  const seen: { readonly revision: Revision; readonly atMs: number }[] = []
  for (;;) {
    await world.clock.sleep(historyMs / 2, signal)
    try {
      const nowMs = world.clock.monotonicMs()
      const { revision } = await keyspace.range({ keys: { kind: 'key', key: '\0' }, want: 'count' }, signal)
      const old = seen.findLast(sample => sample.atMs <= nowMs - historyMs)
      seen.splice(0, old === undefined ? 0 : seen.indexOf(old) + 1)
      seen.push({ revision, atMs: nowMs })
      if (old !== undefined && old.revision < revision) await keyspace.compact(old.revision, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (isFault(error, 'Compacted')) continue
      world.log.warn('keyspace: etcd did not compact its history', { why: whyOf(error) })
    }
  }
}
