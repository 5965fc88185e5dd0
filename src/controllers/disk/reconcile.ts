import { ifFault } from '#client'
import { isSameJson, textAt } from '#schema'
import type { Storage } from '../filesystem/storage.ts'
import { STORAGE_LOOK_MS } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { DISKS } from '../resources.ts'
import { diskStatus, ownDisk, unusedStatus } from './plan.ts'

/** Shows the data folder of this machine as an object, which is always there. */
export function diskController(parts: ControllerParts, storage: Storage): Controller {
  const reconcile = (name: string, signal: AbortSignal): Promise<Outcome> => reconcileDisk(parts, storage, name, signal)
  const controller = new Controller({ name: 'disk', world: parts.world, reconcile })
  feed(controller, parts.informers.of({ resource: DISKS }))
  controller.add(storage.nodeName)
  return controller
}

async function reconcileDisk(
  { client }: ControllerParts,
  storage: Storage,
  name: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { nodeName } = storage
  const again: Outcome = name === nodeName ? { kind: 'again', afterMs: STORAGE_LOOK_MS } : DONE
  const disk = await client.find(DISKS, { name }, signal)
  if (disk === undefined) {
    if (name !== nodeName) return DONE
    const wanted = ownDisk(nodeName, await storage.status(signal))
    await client.create(DISKS, wanted, signal).catch(ifFault('AlreadyExists'))
    return again
  }
  // Those of other machines are theirs to tell about.
  if (name !== nodeName && textAt(disk, 'spec', 'nodeName') !== nodeName) return DONE
  const status = name === nodeName ? diskStatus(disk, await storage.status(signal)) : unusedStatus(disk)
  if (!isSameJson(disk['status'], status)) await client.updateStatus(DISKS, { ...disk, status }, signal)
  return again
}
