import { isFault } from '#base'
import { ifFault, type Informer } from '#client'
import { DEFAULT_POOL, isSameJson, type KubeObject, listAt, MACHINE_FINALIZER, textAt } from '#schema'
import type { Storage } from '../filesystem/storage.ts'
import { POOL_LOOK_MS, POOL_SAFE_LOOK_MS } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { DISKS, NODES, POOLS } from '../resources.ts'
import { absentStatus, defaultPool, type PoolMachine, poolStatus } from './plan.ts'

/** Shows what the disks of all machines hold and have room for: the pool `default` is always there. */
export function poolController(parts: ControllerParts, storage: Pick<Storage, 'copies'> | undefined): Controller {
  const [disks, nodes] = [parts.informers.of({ resource: DISKS }), parts.informers.of({ resource: NODES })]
  const reconcile = (name: string, signal: AbortSignal): Promise<Outcome> =>
    reconcilePool(parts, { name, disks, nodes, storage }, signal)
  const controller = new Controller({ name: 'pool', world: parts.world, reconcile })
  feed(controller, parts.informers.of({ resource: POOLS }))
  for (const informer of [disks, nodes]) feed(controller, informer, () => [DEFAULT_POOL])
  controller.add(DEFAULT_POOL)
  return controller
}

async function reconcilePool(
  { client }: ControllerParts,
  { name, disks, nodes, storage }: PoolWork & { readonly name: string },
  signal: AbortSignal,
): Promise<Outcome> {
  const isDefault = name === DEFAULT_POOL
  const pool = await client.find(POOLS, { name }, signal)
  if (pool === undefined) {
    if (isDefault) await client.create(POOLS, defaultPool(), signal).catch(ifFault('AlreadyExists'))
    return DONE
  }
  await Promise.all([disks.synced(signal), nodes.synced(signal)])
  // Storage that starts anew is asked again soon.
  const safety = isDefault ? await storage?.copies(signal).catch(unknown) : undefined
  const status = isDefault ? poolStatus(pool, machinesOf(nodes.all(), disks.all()), safety) : absentStatus(pool)
  if (!isSameJson(pool['status'], status)) await client.updateStatus(POOLS, { ...pool, status }, signal)
  if (!isDefault || storage === undefined) return DONE
  return { kind: 'again', afterMs: safety?.isSafe === true ? POOL_SAFE_LOOK_MS : POOL_LOOK_MS }
}

interface PoolWork {
  readonly disks: Informer
  readonly nodes: Informer
  readonly storage: Pick<Storage, 'copies'> | undefined
}

function unknown(error: unknown): undefined {
  if (!isFault(error)) throw error
}

function machinesOf(nodes: readonly KubeObject[], disks: readonly KubeObject[]): readonly PoolMachine[] {
  return nodes
    .filter(({ metadata }) => metadata.finalizers?.includes(MACHINE_FINALIZER) === true)
    .map(node => ({
      isOnline: listAt(node, 'status', 'conditions').some(
        each => textAt(each, 'type') === 'Online' && textAt(each, 'status') === 'True',
      ),
      disks: disks.filter(disk => textAt(disk, 'spec', 'nodeName') === node.metadata.name),
    }))
}
