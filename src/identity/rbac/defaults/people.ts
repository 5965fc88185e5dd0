import type { JsonObject } from '#schema'
import { ALL, READ, rule, WRITE } from './rule.ts'

// What people may do in a namespace, after k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
const CORE = [
  'configmaps',
  'endpoints',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'replicationcontrollers/scale',
  'serviceaccounts',
  'services',
]
const APPS = [
  'daemonsets',
  'deployments',
  'deployments/scale',
  'replicasets',
  'replicasets/scale',
  'statefulsets',
  'statefulsets/scale',
]
const STATUSES = ['persistentvolumeclaims', 'pods', 'replicationcontrollers', 'services'].map(name => `${name}/status`)
const APP_STATUSES = ['daemonsets', 'deployments', 'replicasets', 'statefulsets'].map(name => `${name}/status`)

/** What `view` allows: to read all but secrets, roles and what acts in somebody's place. */
export const VIEW: readonly JsonObject[] = [
  rule(READ, '', ...CORE, ...STATUSES),
  rule(READ, '', 'bindings', 'events', 'limitranges', 'namespaces', 'namespaces/status', 'pods/log', 'resourcequotas'),
  rule(READ, '', 'resourcequotas/status'),
  rule(READ, 'apps', 'controllerrevisions', ...APPS, ...APP_STATUSES),
  rule(READ, 'autoscaling', 'horizontalpodautoscalers', 'horizontalpodautoscalers/status'),
  rule(READ, 'batch', 'cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'),
  rule(READ, 'discovery.k8s.io', 'endpointslices'),
  rule(READ, 'events.k8s.io', 'events'),
  rule(READ, 'networking.k8s.io', 'ingresses', 'ingresses/status', 'networkpolicies'),
  rule(READ, 'policy', 'poddisruptionbudgets', 'poddisruptionbudgets/status'),
  rule(READ, 'snapshot.storage.k8s.io', 'volumesnapshots', 'volumesnapshots/status'),
  rule(READ, 'nanocloud.io', 'bundles', 'bundles/status'),
]

/** What `edit` allows beyond `view`. */
export const EDIT: readonly JsonObject[] = [
  rule(READ, '', 'secrets', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'),
  rule(['impersonate'], '', 'serviceaccounts'),
  rule(WRITE, '', ...CORE, 'secrets', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'),
  rule(['create'], '', 'pods/eviction', 'serviceaccounts/token'),
  rule(WRITE, '', 'events'),
  rule([...WRITE], 'apps', ...APPS, 'deployments/rollback'),
  rule(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
  rule(WRITE, 'batch', 'cronjobs', 'jobs'),
  rule(WRITE, 'networking.k8s.io', 'ingresses', 'networkpolicies'),
  rule(WRITE, 'policy', 'poddisruptionbudgets'),
  rule(ALL, 'coordination.k8s.io', 'leases'),
  rule(WRITE, 'snapshot.storage.k8s.io', 'volumesnapshots'),
  rule(WRITE, 'nanocloud.io', 'bundles'),
]

/** What `admin` allows beyond `edit`: to give others what he has himself. */
export const ADMIN: readonly JsonObject[] = [
  rule(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  rule(ALL, 'rbac.authorization.k8s.io', 'rolebindings', 'roles'),
]
