import { isJsonObject, type JsonObject, listAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'

/** Keeps the Node of a machine until the machine is out of the map and nobody lets it in. */
export const MACHINE_FINALIZER = 'cairn.dev/machine'

/** Taint of a machine that gives its copies away. Machines may not change their own taints: people decide. */
export const DRAINING_TAINT = 'cairn.dev/draining'

/** Label of the place where a machine stands: copies lie in different ones. */
export const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** True for a machine that is to give its copies away. */
export function isDraining(node: KubeObject | undefined): boolean {
  return listAt(node, 'spec', 'taints').some(each => textAt(each, 'key') === DRAINING_TAINT)
}

/** What changes in the spec of a Node that is to be drained, or not any more; for a merge patch. */
export function drainedSpec(node: KubeObject, isDrained: boolean): JsonObject {
  const others = listAt(node, 'spec', 'taints').filter(each => textAt(each, 'key') !== DRAINING_TAINT)
  const taints = isDrained ? [...others.filter(isJsonObject), { key: DRAINING_TAINT, effect: 'NoSchedule' }] : others
  return { unschedulable: isDrained ? true : null, taints: taints.length === 0 ? null : taints }
}
