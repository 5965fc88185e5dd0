import { FAILOVER_CONTROLLERS, type HomeChange, type MapFilesystem, type NodeMap } from '#cluster'
import { HOME_OTHERS_MS, HOME_SILENT_MS } from '../limits.ts'

/** What is known when a home may have to be deposed. */
export interface HomesFacts {
  /** Milliseconds for which a machine has not been heard, at least; 0: it is heard; undefined: nobody knows now. */
  readonly silentMs: (name: string) => number | undefined
  /** False for a machine of whose start it is not known that it has the log of a filesystem, as the map says. */
  readonly mayHaveLog: (name: string, filesystem: string) => boolean
  /** Milliseconds for which no other controller has led, at least. */
  readonly aloneMs: number
}

/**
 * The filesystems that get another home: theirs has been silent for so long that it answers nobody any more, since no controller
 * that leads has answered it. The next home is one that has the log and is heard; those that are silent, or have lost the log
 * with their disk, leave the set with the old home.
 */
export function nextHomes(map: Pick<NodeMap, 'filesystems' | 'machines'>, facts: HomesFacts): readonly HomeChange[] {
  const controllers = map.machines.filter(({ role }) => role === 'controller').length
  if (controllers < FAILOVER_CONTROLLERS) return []
  return map.filesystems.flatMap(was => {
    if (!isOver(was, facts)) return []
    const heard = heardMembers(was, facts)
    const [home] = heard
    if (home === undefined) return []
    const next = { ...was, home, epoch: was.epoch + 1, inSync: heard }
    return [{ filesystem: was.name, was, next }]
  })
}

// The leader before may have answered the old home when it is not heard here, until shortly before this one took the lead.
function isOver({ home }: MapFilesystem, { silentMs, aloneMs }: HomesFacts): boolean {
  const silent = silentMs(home)
  return silent !== undefined && silent >= HOME_SILENT_MS && aloneMs >= HOME_OTHERS_MS
}

// Of several that are heard it is the order of the set.
function heardMembers({ name: of, home, inSync }: MapFilesystem, facts: HomesFacts): readonly string[] {
  return inSync.filter(name => name !== home && facts.silentMs(name) === 0 && facts.mayHaveLog(name, of))
}
