import { FAILOVER_CONTROLLERS, type MapFilesystem, type NodeMap } from '#cluster'
import { HOME_STOPS_MS } from '../limits.ts'

/** True where the controllers name the next home; else people do. */
export function canFailOver({ machines }: Pick<NodeMap, 'machines'>): boolean {
  return machines.filter(({ role }) => role === 'controller').length >= FAILOVER_CONTROLLERS
}

/**
 * True when another home may have been named without this one having heard of it: others have the log of the filesystem, and no
 * controller that leads has answered for so long. Such a home answers no other machine, and its own mount as if the home could not
 * be reached. Where people name the next home nobody can know, and it goes on.
 */
export function isCutOff(
  record: Pick<MapFilesystem, 'inSync'> | undefined,
  map: Pick<NodeMap, 'machines'>,
  leaderAgoMs: number | undefined,
): boolean {
  if (record === undefined || record.inSync.length < 2) return false
  if (!canFailOver(map)) return false
  return leaderAgoMs === undefined || leaderAgoMs >= HOME_STOPS_MS
}
