import { ifFault } from '#client'
import { DEFAULT_POOL, isSameJson } from '#schema'
import type { Storage } from '../filesystem/storage.ts'
import { STORAGE_LOOK_MS } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { POOLS } from '../resources.ts'
import { absentStatus, defaultPool, poolStatus } from './plan.ts'

/** Shows what storage holds as objects: the pool `default` is always there. */
export function poolController(parts: ControllerParts, storage: Storage): Controller {
  const reconcile = (name: string, signal: AbortSignal): Promise<Outcome> => reconcilePool(parts, storage, name, signal)
  const controller = new Controller({ name: 'pool', world: parts.world, reconcile })
  feed(controller, parts.informers.of({ resource: POOLS }))
  controller.add(DEFAULT_POOL)
  return controller
}

async function reconcilePool(
  { client }: ControllerParts,
  storage: Storage,
  name: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const isDefault = name === DEFAULT_POOL
  const again: Outcome = isDefault ? { kind: 'again', afterMs: STORAGE_LOOK_MS } : DONE
  const pool = await client.find(POOLS, { name }, signal)
  if (pool === undefined) {
    if (isDefault) await client.create(POOLS, defaultPool(), signal).catch(ifFault('AlreadyExists'))
    return again
  }
  const status = isDefault ? poolStatus(pool, await storage.status(signal)) : absentStatus(pool)
  if (!isSameJson(pool['status'], status)) await client.updateStatus(POOLS, { ...pool, status }, signal)
  return again
}
