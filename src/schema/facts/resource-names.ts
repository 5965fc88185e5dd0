// Names of resources as amounts are told of them (k8s.io/kubernetes/pkg/apis/core/helper).

/** What a quota may limit without naming a domain, besides huge pages. */
export const QUOTA_RESOURCES: ReadonlySet<string> = new Set([
  'configmaps',
  'cpu',
  'ephemeral-storage',
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'memory',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
  'requests.storage',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
])

/** Those of which there are only whole ones. */
export const COUNTED_RESOURCES: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
])

/** What a container may ask for without naming a domain, besides huge pages. */
export const CONTAINER_RESOURCES: ReadonlySet<string> = new Set(['cpu', 'ephemeral-storage', 'memory'])

/** What limits and nodes may name without a domain, besides what quotas may. */
export const STANDARD_RESOURCES: ReadonlySet<string> = new Set([...QUOTA_RESOURCES, 'storage'])

/** Quotas of these scopes may limit pods and what their containers have; those of `BestEffort` only how many pods there are. */
export const SCOPED_RESOURCES: ReadonlySet<string> = new Set([
  'cpu',
  'limits.cpu',
  'limits.memory',
  'memory',
  'pods',
  'requests.cpu',
  'requests.memory',
])

/** Which objects a quota counts. */
export const QUOTA_SCOPES: ReadonlySet<string> = new Set([
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
])

/** True for memory in pages of one size, such as `hugepages-2Mi`. */
export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

/** True for names that only their own domain can explain, such as `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  const [domain = ''] = name.split('/')
  const isOwn = domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io')
  return name.includes('/') && !isOwn && !name.startsWith('requests.')
}

/** False for what nobody is promised more of than there is: huge pages and resources of others. */
export function mayBeOvercommitted(name: string): boolean {
  const isNative = !name.includes('/') || name.includes('kubernetes.io/')
  return isNative && !isHugePages(name)
}
