import type { NodeMap } from '#cluster'
import { movesBetween, type PlacementDisk, type PlacementMap } from '#storage/placement'
import { mustHold } from '../model/violation.ts'

/** A change of the map moves hardly more copies than it has to: those of disks that went, and those of disks that came. */
export function checkMoves(before: NodeMap, after: NodeMap, replicas: number): void {
  const [then, now] = [placementOf(before), placementOf(after)]
  const [old, kept] = [new Set(then.disks.map(idOf)), new Set(now.disks.map(idOf))]
  if (then.disks.length < replicas || now.disks.length < replicas) return
  let [moved, needed] = [0, 0]
  for (const { gained, lost } of movesBetween(then, now, { id: 'default', policy: 'weighted', replicas })) {
    moved += gained.length
    needed += Math.max(gained.filter(id => !old.has(id)).length, lost.filter(id => !kept.has(id)).length)
  }
  mustHold(moved <= needed * MOVES_SHARE_MAX, () => {
    return `map ${after.version} moves ${moved} copies of groups where ${needed} have to`
  })
}

function placementOf({ version, machines }: NodeMap): PlacementMap {
  const disks = machines.filter(({ state }) => state !== 'Draining').flatMap(disksOf)
  return { version, groups: GROUPS, disks }
}

function disksOf({ name, zone, disks }: NodeMap['machines'][number]): PlacementDisk[] {
  return disks.map(({ id, capacityMiB, quarters }) => ({ id, machine: name, zone, weight: capacityMiB * quarters }))
}

function idOf({ id }: PlacementDisk): string {
  return id
}

/** More than the simulated clouds have, so that chance plays no part. */
const GROUPS = 1024
const MOVES_SHARE_MAX = 1.1
