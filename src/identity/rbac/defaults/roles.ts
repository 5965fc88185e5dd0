import type { JsonObject } from '#schema'
import { CERTIFICATE_REQUESTERS } from '../../authentication/exchanged-token.ts'
import { AUTHENTICATED, MASTERS } from '../../caller.ts'
import { BOOTSTRAP, CERTIFICATE_REQUEST, DEVICE, FORMER_NODE, NODE } from './machines.ts'
import { ADMIN, EDIT, VIEW } from './people.ts'
import { paths, rule } from './rule.ts'

const GROUP = 'rbac.authorization.k8s.io'

/** `false` on a default role or binding: it stays as people made it. */
export const AUTO_UPDATE = `${GROUP}/autoupdate`

const HEALTH = ['/healthz', '/healthz/*', '/livez', '/livez/*', '/readyz', '/readyz/*', '/version', '/version/']

/** The cluster roles that every cloud has; what is missing is made at each start. */
export const DEFAULT_CLUSTER_ROLES: readonly JsonObject[] = [
  clusterRole('cluster-admin', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, paths(['*'], '*')]),
  aggregated('admin'),
  aggregated('edit'),
  aggregated('view'),
  part('admin', ADMIN),
  part('edit', EDIT),
  part('view', VIEW),
  clusterRole('node', NODE),
  clusterRole('device', DEVICE),
  clusterRole('bootstrap', BOOTSTRAP),
  clusterRole(CERTIFICATE_REQUESTERS, CERTIFICATE_REQUEST),
  clusterRole('system:auth-delegator', [
    rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
    rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  ]),
  clusterRole('system:basic-user', [
    rule(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
    rule(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  clusterRole('system:discovery', [paths(['get'], '/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*')]),
  clusterRole('system:monitoring', [paths(['get'], '/metrics', ...HEALTH)]),
  clusterRole('system:public-info-viewer', [paths(['get'], ...HEALTH)]),
  clusterRole('system:service-account-issuer-discovery', [
    paths(['get'], '/.well-known/openid-configuration', '/openid/v1/jwks'),
  ]),
]

/** Rules that default roles had once: they are taken away wherever they are still as they were made. */
export const WITHDRAWN_RULES: ReadonlyMap<string, readonly JsonObject[]> = new Map([['node', FORMER_NODE]])

/** Who has them. */
export const DEFAULT_CLUSTER_ROLE_BINDINGS: readonly JsonObject[] = [
  binding('cluster-admin', MASTERS),
  binding('node', 'system:nodes'),
  binding('device', 'system:devices'),
  binding('bootstrap', 'system:bootstrappers'),
  binding(CERTIFICATE_REQUESTERS, CERTIFICATE_REQUESTERS),
  binding('system:basic-user', AUTHENTICATED),
  binding('system:discovery', AUTHENTICATED),
  binding('system:monitoring', 'system:monitoring'),
  binding('system:public-info-viewer', AUTHENTICATED, 'system:unauthenticated'),
  binding('system:service-account-issuer-discovery', 'system:serviceaccounts'),
]

/** Namespaces that are always there. */
export const DEFAULT_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'cairn-system'] as const

function clusterRole(name: string, rules: readonly JsonObject[], labels: JsonObject = {}): JsonObject {
  return { apiVersion: `${GROUP}/v1`, kind: 'ClusterRole', metadata: metadataOf(name, labels), rules }
}

// What an aggregated role allows is what all roles with its label allow: installing a kind adds to it.
function aggregated(name: 'admin' | 'edit' | 'view'): JsonObject {
  const clusterRoleSelectors = [{ matchLabels: { [labelOf(name)]: 'true' } }]
  const above = { admin: undefined, edit: 'admin', view: 'edit' }[name]
  const labels = above === undefined ? {} : { [labelOf(above)]: 'true' }
  return { ...clusterRole(name, [], labels), aggregationRule: { clusterRoleSelectors } }
}

function part(name: string, rules: readonly JsonObject[]): JsonObject {
  return clusterRole(`system:aggregate-to-${name}`, rules, { [labelOf(name)]: 'true' })
}

function labelOf(name: string): string {
  return `${GROUP}/aggregate-to-${name}`
}

function binding(role: string, ...groups: readonly string[]): JsonObject {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: metadataOf(role, {}),
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
    subjects: groups.map(name => ({ apiGroup: GROUP, kind: 'Group', name })),
  }
}

function metadataOf(name: string, labels: JsonObject): JsonObject {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [AUTO_UPDATE]: 'true' },
  }
}
