import type { Json } from '../json.ts'

/** How the items of a list are told from each other (k8s.io/kube-openapi, x-kubernetes-list-type and patch-merge-key). */
export type ListFacts =
  /**
   * Items are objects, one for each value of these fields. A strategic merge patch goes by `mergeKey`. `defaults` are those
   * of keys that people may leave out.
   */
  | {
      readonly type: 'map'
      readonly keys: readonly string[]
      readonly mergeKey: string | undefined
      readonly defaults?: Readonly<Record<string, Json>> | undefined
    }
  /** Items are words, each there once. */
  | { readonly type: 'set'; readonly isMerged: boolean }
  /** The list is one value. */
  | { readonly type: 'atomic' }

/** What is known of a list, by the shape and field it is in; lists that are not here are atomic. */
export function listFacts(shape: string, field: string): ListFacts {
  return LISTS.get(`${shape}.${field}`) ?? ATOMIC
}

const ATOMIC: ListFacts = { type: 'atomic' }

function map(mergeKey: string | undefined, ...keys: readonly string[]): ListFacts & { readonly type: 'map' } {
  return { type: 'map', mergeKey, keys: keys.length === 0 && mergeKey !== undefined ? [mergeKey] : keys }
}

const container: readonly (readonly [string, ListFacts])[] = [
  ['ports', { ...map('containerPort', 'containerPort', 'protocol'), defaults: { protocol: 'TCP' } }],
  ['env', map('name')],
  ['volumeMounts', map('mountPath')],
  ['volumeDevices', map('devicePath')],
]

const conditions = [
  'DaemonSetStatus',
  'DeploymentStatus',
  'NamespaceStatus',
  'NodeStatus',
  'PersistentVolumeClaimStatus',
  'PodDisruptionBudgetStatus',
  'PodStatus',
  'ReplicaSetStatus',
  'ReplicationControllerStatus',
  'ServiceStatus',
  'StatefulSetStatus',
]

const LISTS: ReadonlyMap<string, ListFacts> = new Map<string, ListFacts>([
  ['ObjectMeta.finalizers', { type: 'set', isMerged: true }],
  ['ObjectMeta.ownerReferences', map('uid')],
  ...container.map(([field, facts]) => [`Container.${field}`, facts] as const),
  ...container.map(([field, facts]) => [`EphemeralContainer.${field}`, facts] as const),
  ['PodSpec.containers', map('name')],
  ['PodSpec.initContainers', map('name')],
  ['PodSpec.ephemeralContainers', map('name')],
  ['PodSpec.volumes', map('name')],
  ['PodSpec.imagePullSecrets', map('name')],
  ['PodSpec.hostAliases', map('ip')],
  ['PodSpec.topologySpreadConstraints', map('topologyKey', 'topologyKey', 'whenUnsatisfiable')],
  ['PodSpec.schedulingGates', map('name')],
  ['PodSpec.resourceClaims', map('name')],
  ['PodStatus.podIPs', map('ip')],
  ['PodStatus.hostIPs', ATOMIC],
  ['PodStatus.resourceClaimStatuses', map('name')],
  ['ResourceRequirements.claims', map(undefined, 'name')],
  ['ServiceSpec.ports', { ...map('port', 'port', 'protocol'), defaults: { protocol: 'TCP' } }],
  ['ServiceAccount.secrets', map('name')],
  ['NodeSpec.podCIDRs', { type: 'set', isMerged: true }],
  ['NodeStatus.addresses', map('type')],
  ['CSINodeSpec.drivers', map('name')],
  ['CertificateSigningRequestStatus.conditions', map(undefined, 'type')],
  ['CustomResourceDefinitionStatus.conditions', map(undefined, 'type')],
  ['JobStatus.conditions', { type: 'atomic' }],
  ...conditions.map(status => [`${status}.conditions`, map('type')] as const),
])
