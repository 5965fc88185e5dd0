import type { PlacementMap, PlacementPool } from './map.ts'
import { PlacementOrder } from './order.ts'

/** What becomes of a group when the map changes. */
export interface Move {
  readonly group: number
  /** Disks that shall hold it and did not have to before. */
  readonly gained: readonly string[]
  /** Disks that had to hold it and shall not any more. */
  readonly lost: readonly string[]
}

/** The groups that a change of the map moves. Both maps have as many groups. */
export function* movesBetween(before: PlacementMap, after: PlacementMap, pool: PlacementPool): Generator<Move> {
  const [then, now] = [new PlacementOrder(before, pool), new PlacementOrder(after, pool)]
  for (let group = 0; group < after.groups; group++) {
    const had = then.wanted(group).map(disk => disk.id)
    const has = now.wanted(group).map(disk => disk.id)
    const gained = has.filter(id => !had.includes(id))
    const lost = had.filter(id => !has.includes(id))
    if (gained.length > 0 || lost.length > 0) yield { group, gained, lost }
  }
}
