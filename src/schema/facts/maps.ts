/**
 * True for a type, by its short name and its id, whose fields are owned and replaced as one value by a server-side apply
 * (x-kubernetes-map-type: atomic in Kubernetes v1.33).
 */
export function isAtomicType(shape: string, id: string): boolean {
  return ATOMIC_TYPES.has(shape) || ATOMIC_IDS.has(id)
}

/** True for a map of words that is one value, by the shape and field it is in. */
export function isAtomicMap(shape: string, field: string): boolean {
  return ATOMIC_MAPS.has(`${shape}.${field}`)
}

const ATOMIC_TYPES: ReadonlySet<string> = new Set([
  'ConfigMapKeySelector',
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

// The same name stands for a type that is no single value in another version.
const ATOMIC_IDS: ReadonlySet<string> = new Set(['V1CrossVersionObjectReference'])

const ATOMIC_MAPS: ReadonlySet<string> = new Set([
  'PodSpec.nodeSelector',
  'ReplicationControllerSpec.selector',
  'Scheduling.nodeSelector',
  'ScaleStatus.selector',
  'ServiceSpec.selector',
])
