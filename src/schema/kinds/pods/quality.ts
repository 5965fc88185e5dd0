import { type Json, jsonAt, listAt } from '../../json.ts'
import { compareQuantities, quantityOf } from '../../quantity.ts'

/**
 * How surely a pod has what it asks for: `Guaranteed` when every container is bound to exactly what it requests of
 * processor and memory, `BestEffort` when none asks for any, else `Burstable`
 * (kubernetes.io/docs/concepts/workloads/pods/pod-qos).
 */
export function qualityOf(spec: Json | undefined): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')]
  const asks = containers.some(each =>
    COUNTED.some(name => amount(each, 'requests', name) ?? amount(each, 'limits', name)),
  )
  if (!asks) return 'BestEffort'
  return containers.every(each => COUNTED.every(name => isBound(each, name))) ? 'Guaranteed' : 'Burstable'
}

const COUNTED = ['cpu', 'memory'] as const

function isBound(container: Json, name: string): boolean {
  const limit = amount(container, 'limits', name)
  const request = amount(container, 'requests', name) ?? limit
  return limit !== undefined && request !== undefined && compareQuantities(limit, request) === 0
}

// Nothing is as if it were not asked for.
function amount(container: Json, kind: 'limits' | 'requests', name: string) {
  const found = quantityOf(jsonAt(container, 'resources', kind, name))
  return found === undefined || found.nanos === 0n ? undefined : found
}
