import { changedHomes, clusterKeepHome, type HomeChange, mapBytes, type NodeMap } from '#cluster'
import { answerUnary, type Handler, message } from '#rpc'
import { mainFault } from '../../faults.ts'
import type { StoredMap } from './stored-map.ts'

/** What became of a change of a filesystem's record, and the map after it. */
export interface ChangedHome {
  readonly outcome: 'done' | 'stale'
  readonly map: NodeMap
}

/**
 * Changes where a filesystem lives, durably, if its record is as it was seen; `caller` undefined: who decides for the cloud. Faults:
 * NotHome, NoController (there is no map yet), those of the keyspace.
 */
export async function setHome(
  stored: Pick<StoredMap, 'read' | 'write'>,
  change: HomeChange & { readonly caller?: string | undefined },
  signal: AbortSignal,
): Promise<ChangedHome> {
  for (;;) {
    const { map, revision } = await stored.read(signal)
    if (map === undefined) throw mainFault('Busy', 'this controller has no map of the cloud yet')
    const filesystems = changedHomes(map, change, change.caller)
    if (filesystems === undefined) return { outcome: 'stale', map }
    if (filesystems === map.filesystems) return { outcome: 'done', map }
    const next = { ...map, version: map.version + 1, filesystems }
    if (await stored.write(next, revision, signal)) return { outcome: 'done', map: next }
  }
}

/** Answers the storage process of this machine, for machines, and people at its door. */
export function homeHandlers(stored: Pick<StoredMap, 'read' | 'write'>): readonly Handler[] {
  return [
    answerUnary(clusterKeepHome, async (asked, { signal }) => {
      const { outcome, map } = await setHome(stored, asked, signal)
      return message({ outcome }, mapBytes(map))
    }),
  ]
}
