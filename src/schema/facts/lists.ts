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
  /** The list is one value, though a strategic merge patch may go by `mergeKey` all the same. */
  | { readonly type: 'atomic'; readonly mergeKey?: string }

/** What is known of a list, by the shape and field it is in; lists that are not here are atomic. */
export function listFacts(shape: string, field: string): ListFacts {
  return LISTS.get(`${shape}.${field}`) ?? ATOMIC
}

/** The field that tells items from each other in a strategic merge patch; undefined where the list is replaced. */
export function mergeKeyOf(facts: ListFacts): string | undefined {
  return facts.type === 'set' ? undefined : facts.mergeKey
}

const ATOMIC: ListFacts = { type: 'atomic' }

// One item for each value of a field, also in strategic merge patches.
function by(key: string, ...more: readonly string[]): ListFacts & { readonly type: 'map' } {
  return { type: 'map', mergeKey: key, keys: [key, ...more] }
}

// As `by`, but a strategic merge patch replaces the list.
function keyed(...keys: readonly string[]): ListFacts {
  return { type: 'map', mergeKey: undefined, keys }
}

const SET: ListFacts = { type: 'set', isMerged: false }
const MERGED_SET: ListFacts = { type: 'set', isMerged: true }

const CONTAINER: readonly (readonly [string, ListFacts])[] = [
  ['ports', { ...by('containerPort', 'protocol'), defaults: { protocol: 'TCP' } }],
  ['env', by('name')],
  ['volumeMounts', by('mountPath')],
  ['volumeDevices', by('devicePath')],
]

const CONDITIONS = [
  'DaemonSetStatus',
  'DeploymentStatus',
  'HorizontalPodAutoscalerStatus',
  'NamespaceStatus',
  'NodeStatus',
  'PersistentVolumeClaimStatus',
  'PodDisruptionBudgetStatus',
  'PodStatus',
  'ReplicaSetStatus',
  'ReplicationControllerStatus',
  'ServiceCIDRStatus',
  'ServiceStatus',
  'StatefulSetStatus',
]

// By `SHAPE.FIELD`.
const LISTS: ReadonlyMap<string, ListFacts> = new Map<string, ListFacts>([
  ['ObjectMeta.finalizers', MERGED_SET],
  ['ObjectMeta.ownerReferences', by('uid')],
  ...CONTAINER.map(([field, facts]) => [`Container.${field}`, facts] as const),
  ...CONTAINER.map(([field, facts]) => [`EphemeralContainer.${field}`, facts] as const),
  ...CONDITIONS.map(status => [`${status}.conditions`, by('type')] as const),
  ['ContainerStatus.allocatedResourcesStatus', by('name')],
  ['ContainerStatus.volumeMounts', by('mountPath')],
  ['ResourceStatus.resources', keyed('resourceID')],
  ['ResourceRequirements.claims', keyed('name')],
  ['PodSpec.containers', by('name')],
  ['PodSpec.initContainers', by('name')],
  ['PodSpec.ephemeralContainers', by('name')],
  ['PodSpec.volumes', by('name')],
  ['PodSpec.imagePullSecrets', by('name')],
  ['PodSpec.hostAliases', by('ip')],
  ['PodSpec.topologySpreadConstraints', by('topologyKey', 'whenUnsatisfiable')],
  ['PodSpec.schedulingGates', by('name')],
  ['PodSpec.resourceClaims', by('name')],
  ['PodStatus.podIPs', by('ip')],
  ['PodStatus.hostIPs', { type: 'atomic', mergeKey: 'ip' }],
  ['PodStatus.resourceClaimStatuses', by('name')],
  ['ServiceSpec.ports', { ...by('port', 'protocol'), defaults: { protocol: 'TCP' } }],
  ['ServiceAccount.secrets', by('name')],
  ['NodeSpec.podCIDRs', MERGED_SET],
  ['NodeStatus.addresses', by('type')],
  ['JobStatus.conditions', { type: 'atomic', mergeKey: 'type' }],
  ['UncountedTerminatedPods.failed', SET],
  ['UncountedTerminatedPods.succeeded', SET],
  ['PodFailurePolicyOnExitCodesRequirement.values', SET],
  ['CSINodeSpec.drivers', by('name')],
  ['CSIDriverSpec.volumeLifecycleModes', SET],
  ['Endpoint.addresses', SET],
  ['CertificateSigningRequestStatus.conditions', keyed('type')],
  ['CustomResourceDefinitionStatus.conditions', keyed('type')],
  ['JSONSchemaProps.x-kubernetes-validations', by('rule')],
])
