import type { Resource } from '../resource.ts'

/** True for kinds whose `metadata.generation` counts changes of what is wanted; Kubernetes counts those of some of its own. */
export function countsGenerations(resource: Pick<Resource, 'group' | 'plural' | 'custom'>): boolean {
  const { group, plural, custom } = resource
  const counted = COUNTED[group]
  return custom !== undefined || counted === undefined || counted.includes(plural)
}

// By group; groups that are not named count those of all their kinds.
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  '': ['pods', 'podtemplates', 'replicationcontrollers'],
  'authentication.k8s.io': [],
  'authorization.k8s.io': [],
  autoscaling: [],
  'certificates.k8s.io': [],
  'coordination.k8s.io': [],
  'events.k8s.io': [],
  'node.k8s.io': [],
  'rbac.authorization.k8s.io': [],
  'storage.k8s.io': [],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
}
