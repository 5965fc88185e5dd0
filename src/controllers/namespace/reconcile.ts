import { inLanes, isFault, whyOf } from '#base'
import { type ApiResource, ifFault, type ServedResource, servedResources } from '#client'
import { isJsonObject, isSameJson, jsonAt, type KubeObject, listAt } from '#schema'
import { NAMESPACE_DELETES_AT_ONCE } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { timeText, wallMs } from '../loop/times.ts'
import { NAMESPACES } from '../resources.ts'
import {
  againMs,
  deletionConditions,
  deletionOrder,
  isOurs,
  NAMESPACE_FINALIZER,
  type Progress,
  type Remains,
} from './plan.ts'

/** Empties namespaces that are going, tells in their conditions what is left, and lets them go when nothing is. */
export function namespaceController(parts: ControllerParts): Controller {
  const reconcile = (name: string, signal: AbortSignal): Promise<Outcome> => reconcileNamespace(parts, name, signal)
  const controller = new Controller({ name: 'namespace', world: parts.world, reconcile })
  feed(controller, parts.informers.of({ resource: NAMESPACES }), object =>
    isOurs(object) ? [object.metadata.name] : [],
  )
  return controller
}

/** One look at a namespace. */
async function reconcileNamespace(parts: ControllerParts, name: string, signal: AbortSignal): Promise<Outcome> {
  const { client, world } = parts
  const found = await client.find(NAMESPACES, { name }, signal)
  if (found === undefined || !isOurs(found)) return DONE
  const progress = await empty(parts, name, signal)
  const told = await tell(parts, found, progress, signal)
  if (progress.discoveryFailure !== undefined || progress.failures.length > 0 || progress.remains.length > 0) {
    return { kind: 'again', afterMs: againMs(found.metadata.deletionTimestamp ?? '', wallMs(world.clock)) }
  }
  const finalizers = listAt(told, 'spec', 'finalizers').filter(each => each !== NAMESPACE_FINALIZER)
  const spec = { ...(isJsonObject(told['spec']) ? told['spec'] : {}), finalizers }
  await client.updatePart(NAMESPACES, 'finalize', { ...told, spec }, signal).catch(ifFault('NotFound'))
  return DONE
}

async function empty(parts: ControllerParts, namespace: string, signal: AbortSignal): Promise<Progress> {
  const remains: Remains[] = []
  const failures: string[] = []
  let served: readonly ServedResource[]
  try {
    served = await servedResources(parts.client, signal)
  } catch (error) {
    signal.throwIfAborted()
    return { remains, failures, discoveryFailure: whyOf(error) }
  }
  for (const group of deletionOrder(served)) {
    await inLanes(group, RESOURCES_AT_ONCE, async resource => {
      try {
        const left = await deleteAll(parts, resource, namespace, signal)
        if (left.count > 0) remains.push(left)
      } catch (error) {
        signal.throwIfAborted()
        failures.push(`${resource.plural}: ${whyOf(error)}`)
      }
    })
    if (remains.length > 0) break
  }
  remains.sort((a, b) => (a.resource.plural < b.resource.plural ? -1 : 1))
  return { remains, failures: failures.sort((a, b) => (a < b ? -1 : 1)), discoveryFailure: undefined }
}

// Deletes what is not being deleted yet, a page at a time, and counts what stays.
async function deleteAll(
  { client }: ControllerParts,
  resource: ApiResource,
  namespace: string,
  signal: AbortSignal,
): Promise<Remains> {
  const finalizers = new Map<string, number>()
  let count = 0
  let next: string | undefined
  do {
    const page = await client.list(resource, { namespace, view: 'metadata', next }, signal)
    await inLanes(page.objects, NAMESPACE_DELETES_AT_ONCE, async ({ metadata }) => {
      const { name, uid, deletionTimestamp } = metadata
      const isMarked = deletionTimestamp !== undefined
      const left = isMarked
        ? { metadata }
        : await client.delete(resource, { namespace, name }, { uid, propagation: 'Background' }, signal).catch(gone)
      if (left === undefined) return
      count += 1
      for (const each of left.metadata.finalizers ?? []) finalizers.set(each, (finalizers.get(each) ?? 0) + 1)
    })
    next = page.next
  } while (next !== undefined)
  return { resource, count, finalizers }
}

// Writes the conditions when they say something new.
async function tell(
  { client, world }: ControllerParts,
  found: KubeObject,
  progress: Progress,
  signal: AbortSignal,
): Promise<KubeObject> {
  const old = jsonAt(found, 'status', 'conditions')
  const conditions = deletionConditions(progress, old, timeText(world.clock))
  if (isSameJson(old, conditions)) return found
  const status = { ...(isJsonObject(found['status']) ? found['status'] : {}), phase: 'Terminating', conditions }
  return client.updateStatus(NAMESPACES, { ...found, status }, signal)
}

// Deleted by somebody else, or made anew: the next look tells.
function gone(error: unknown): undefined {
  if (!isFault(error, 'NotFound') && !isFault(error, 'Conflict')) throw error
  return undefined
}

const RESOURCES_AT_ONCE = 4
