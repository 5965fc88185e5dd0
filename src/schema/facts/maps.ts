/**
 * True for a type whose fields are owned and replaced as one value by a server-side apply (x-kubernetes-map-type: atomic in
 * Kubernetes v1.33), by its name.
 */
export function isAtomicType(shape: string): boolean {
  return ATOMIC_TYPES.has(shape)
}

/** True for a map of words that is one value, by the shape and field it is in. */
export function isAtomicMap(shape: string, field: string): boolean {
  return ATOMIC_MAPS.has(`${shape}.${field}`)
}

const ATOMIC_TYPES: ReadonlySet<string> = new Set([
  'ConfigMapKeySelector',
  'CrossVersionObjectReference',
  'EndpointAddress',
  'EndpointPort',
  'FileKeySelector',
  'LabelSelector',
  'LocalObjectReference',
  'NodeSelector',
  'NodeSelectorTerm',
  'ObjectFieldSelector',
  'ObjectReference',
  'OwnerReference',
  'ResourceFieldSelector',
  'RoleRef',
  'ScopeSelector',
  'ScopedResourceSelectorRequirement',
  'SecretKeySelector',
  'SecretReference',
  'ServiceBackendPort',
  'Subject',
  'TopologySelectorTerm',
  'TypedLocalObjectReference',
])

const ATOMIC_MAPS: ReadonlySet<string> = new Set([
  'PodSpec.nodeSelector',
  'ReplicationControllerSpec.selector',
  'Scheduling.nodeSelector',
  'ScaleStatus.selector',
  'ServiceSpec.selector',
])
