import type { KubeObject } from '#schema'

/** The labels that a change adds, changes or takes away. */
export function changedLabels(next: KubeObject, old: KubeObject | undefined): readonly string[] {
  const [now, before] = [next.metadata.labels ?? {}, old?.metadata.labels ?? {}]
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].filter(key => now[key] !== before[key])
}

/**
 * True for a label that a machine may say of itself: those of people without a reserved name, and the facts a machine knows
 * (k8s.io/kubernetes/pkg/kubelet/apis IsKubeletLabel).
 */
export function isLabelOfMachine(label: string): boolean {
  const [prefix = '', name] = label.split('/', 2)
  if (name === undefined) return true
  if (isWithin(prefix, 'node-restriction.kubernetes.io')) return false
  if (!isWithin(prefix, 'kubernetes.io') && !isWithin(prefix, 'k8s.io')) return true
  return FACTS.has(label) || isWithin(prefix, 'kubelet.kubernetes.io') || isWithin(prefix, 'node.kubernetes.io')
}

const FACTS: ReadonlySet<string> = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
])

function isWithin(prefix: string, domain: string): boolean {
  return prefix === domain || prefix.endsWith(`.${domain}`)
}
