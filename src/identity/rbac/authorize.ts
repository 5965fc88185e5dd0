import { type Json, type KubeObject, listAt, textAt } from '#schema'
import type { Caller } from '../caller.ts'
import { MASTERS } from '../caller.ts'

/** What somebody wants to do (k8s.io/apiserver/pkg/authorization/authorizer Attributes). */
export type Attempt =
  | { readonly kind: 'path'; readonly verb: string; readonly path: string }
  | {
      readonly kind: 'resource'
      readonly verb: string
      readonly group: string
      readonly plural: string
      readonly subresource: string | undefined
      readonly namespace: string | undefined
      readonly name: string | undefined
      /** The machine that a list or watch is narrowed to. */
      readonly nodeName?: string | undefined
    }

/** The roles and bindings that decide. */
export interface Policy {
  clusterRole(name: string): KubeObject | undefined
  role(namespace: string, name: string): KubeObject | undefined
  readonly clusterRoleBindings: Iterable<KubeObject>
  roleBindings(namespace: string): Iterable<KubeObject>
}

/** True when a rule of a role that is bound to the caller allows it; what no rule allows is denied. */
export function isAllowed(policy: Policy, caller: Caller, attempt: Attempt): boolean {
  if (caller.groups.includes(MASTERS)) return true
  const namespace = attempt.kind === 'resource' ? attempt.namespace : undefined
  for (const rule of rulesOf(policy, caller, namespace)) if (allows(rule, attempt)) return true
  return false
}

/** The rules that hold for a caller in a namespace: those of cluster role bindings, and of the namespace's bindings. */
export function* rulesOf(policy: Policy, caller: Caller, namespace: string | undefined): Generator<Json> {
  for (const binding of policy.clusterRoleBindings) if (isBound(binding, caller)) yield* boundRules(policy, binding)
  if (namespace === undefined) return
  for (const binding of policy.roleBindings(namespace)) if (isBound(binding, caller)) yield* boundRules(policy, binding)
}

/** The rules of the role that a binding names; none when there is no such role. */
export function boundRules(policy: Policy, binding: KubeObject): readonly Json[] {
  const name = textAt(binding, 'roleRef', 'name') ?? ''
  const isRole = textAt(binding, 'roleRef', 'kind') === 'Role'
  return listAt(isRole ? policy.role(binding.metadata.namespace ?? '', name) : policy.clusterRole(name), 'rules')
}

/** True when one rule allows an attempt. */
function allows(rule: Json, attempt: Attempt): boolean {
  if (!has(rule, 'verbs', attempt.verb)) return false
  if (attempt.kind === 'path')
    return listAt(rule, 'nonResourceURLs').some(pattern => matchesPath(pattern, attempt.path))
  const names = listAt(rule, 'resourceNames')
  return (
    has(rule, 'apiGroups', attempt.group) &&
    hasResource(rule, attempt.plural, attempt.subresource) &&
    (names.length === 0 || (attempt.name !== undefined && names.includes(attempt.name)))
  )
}

function has(rule: Json, field: string, value: string): boolean {
  return listAt(rule, field).some(each => each === '*' || each === value)
}

function hasResource(rule: Json, plural: string, subresource: string | undefined): boolean {
  const wanted = subresource === undefined ? plural : `${plural}/${subresource}`
  return listAt(rule, 'resources').some(
    each => each === '*' || each === wanted || (subresource !== undefined && each === `*/${subresource}`),
  )
}

function matchesPath(pattern: Json, path: string): boolean {
  if (typeof pattern !== 'string') return false
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}

function isBound(binding: KubeObject, caller: Caller): boolean {
  return listAt(binding, 'subjects').some(subject => {
    const name = textAt(subject, 'name') ?? ''
    switch (textAt(subject, 'kind')) {
      case 'User':
        return name === caller.name
      case 'Group':
        return caller.groups.includes(name)
      case 'ServiceAccount':
        return caller.name === `system:serviceaccount:${textAt(subject, 'namespace') ?? ''}:${name}`
      default:
        return false
    }
  })
}
