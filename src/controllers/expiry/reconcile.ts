import { isFault } from '#base'
import { type Place, resourceKey } from '#client'
import { SWEEP_DELETES_MAX, SWEEP_MS } from '../limits.ts'
import { Controller, type Outcome } from '../loop/controller.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { wallMs } from '../loop/times.ts'
import { NODES } from '../resources.ts'
import { EXPIRIES, type Expiry } from './plan.ts'

/** Deletes what has had its time, in sweeps that read a page at a time and delete a bounded number. */
export function expiryController(parts: ControllerParts): Controller {
  const byKey = new Map(EXPIRIES.map(expiry => [resourceKey(expiry.resource), expiry]))
  const reconcile = async (key: string, signal: AbortSignal): Promise<Outcome> => {
    const expiry = byKey.get(key)
    if (expiry !== undefined) await sweep(parts, expiry, signal)
    return { kind: 'again', afterMs: SWEEP_MS }
  }
  const controller = new Controller({ name: 'expiry', world: parts.world, reconcile, parallel: 1 })
  for (const key of byKey.keys()) controller.add(key)
  return controller
}

async function sweep({ client, world }: ControllerParts, expiry: Expiry, signal: AbortSignal): Promise<void> {
  const { resource, namespace, fields } = expiry
  let deleted = 0
  let next: string | undefined
  do {
    const page = await client.list(resource, { namespace, fields, next }, signal)
    const nowMs = wallMs(world.clock)
    for (const object of page.objects) {
      const { metadata } = object
      if ((expiry.endMs(object) ?? Number.POSITIVE_INFINITY) > nowMs || deleted >= SWEEP_DELETES_MAX) continue
      if (expiry.isOfNode && (await client.find(NODES, { name: metadata.name }, signal)) !== undefined) continue
      const place: Place = { namespace: metadata.namespace, name: metadata.name }
      // Only as it was read: one that was renewed meanwhile stays.
      const as = { uid: metadata.uid, resourceVersion: metadata.resourceVersion }
      await client.delete(resource, place, as, signal).catch(ifChanged)
      deleted += 1
    }
    next = page.next
  } while (next !== undefined && deleted < SWEEP_DELETES_MAX)
}

function ifChanged(error: unknown): void {
  if (!isFault(error, 'NotFound') && !isFault(error, 'Conflict')) throw error
}
