import {
  aggregatedRules,
  AUTO_UPDATE,
  DEFAULT_CLUSTER_ROLE_BINDINGS,
  DEFAULT_CLUSTER_ROLES,
  DEFAULT_NAMESPACES,
  type PolicyIndex,
  WITHDRAWN_RULES,
} from '#identity'
import { isSameJson, type JsonObject, type KubeObject, jsonAt, listAt, textAt } from '#schema'
import { askLocally, type LocalFetch, refusedLocally } from './local-api.ts'

const NAME = 'system:cairn:defaults'
const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'

interface Default {
  readonly wanted: JsonObject
  readonly there: KubeObject | undefined
  /** Of the collection. */
  readonly path: string
  /** The list whose rows must be there. */
  readonly field: 'rules' | 'subjects'
}

/** Makes what every cloud has and what is missing: namespaces, cluster roles, who has them. */
export async function ensureDefaults(fetch: LocalFetch, policy: PolicyIndex): Promise<void> {
  const bindings = new Map(Array.from(policy.clusterRoleBindings, each => [each.metadata.name, each]))
  const roles = DEFAULT_CLUSTER_ROLES.map(
    wanted => ({ wanted, there: policy.clusterRole(nameOf(wanted)), path: ROLES, field: 'rules' }) as const,
  )
  const bound = DEFAULT_CLUSTER_ROLE_BINDINGS.map(
    wanted => ({ wanted, there: bindings.get(nameOf(wanted)), path: BINDINGS, field: 'subjects' }) as const,
  )
  await Promise.all([
    ...DEFAULT_NAMESPACES.map(name => ensureNamespace(fetch, name)),
    ...[...roles, ...bound].map(each => ensure(fetch, each)),
  ])
}

/** Gives aggregated cluster roles the rules of those they are made of. */
export async function aggregate(fetch: LocalFetch, policy: PolicyIndex): Promise<void> {
  for (const role of policy.clusterRoles) {
    const rules = aggregatedRules(role, policy.clusterRoles)
    if (rules === undefined || isSameJson(listAt(role, 'rules'), rules)) continue
    await replace(fetch, ROLES, { ...role, rules })
  }
}

async function ensureNamespace(fetch: LocalFetch, name: string): Promise<void> {
  const there = await askLocally(fetch, NAME, { method: 'GET', path: `/api/v1/namespaces/${name}` })
  if (there.status === 200) return
  await create(fetch, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
}

// Rules and subjects that people added stay: what is missing is put back, as Kubernetes does, and what is withdrawn goes.
async function ensure(fetch: LocalFetch, { wanted, there, path, field }: Default): Promise<void> {
  if (there === undefined) return create(fetch, path, wanted)
  if (there.metadata.annotations?.[AUTO_UPDATE] === 'false' || jsonAt(wanted, 'aggregationRule') !== undefined) return
  const known = listAt(there, field)
  const withdrawn = field === 'rules' ? (WITHDRAWN_RULES.get(nameOf(wanted)) ?? []) : []
  const kept = known.filter(each => !withdrawn.some(other => isSameJson(other, each)))
  const missing = listAt(wanted, field).filter(each => !kept.some(other => isSameJson(other, each)))
  if (missing.length === 0 && kept.length === known.length) return
  await replace(fetch, path, { ...there, [field]: [...kept, ...missing] })
}

async function create(fetch: LocalFetch, path: string, body: JsonObject): Promise<void> {
  const answer = await askLocally(fetch, NAME, { method: 'POST', path, body })
  // Another server on the same keyspace may be first.
  if (answer.status !== 201 && answer.status !== 409) throw refusedLocally(answer)
}

async function replace(fetch: LocalFetch, path: string, body: JsonObject): Promise<void> {
  const answer = await askLocally(fetch, NAME, { method: 'PUT', path: `${path}/${nameOf(body)}`, body })
  if (answer.status !== 200 && answer.status !== 409) throw refusedLocally(answer)
}

function nameOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'name') ?? ''
}
