import { apiFault } from '#api'
import {
  type Attempt,
  boundRules,
  type Caller,
  isAllowed,
  MASTERS,
  notCovered,
  type PolicyIndex,
  rulesOf,
} from '#identity'
import { isSameJson, type Json, type KubeObject, listAt, type Resource, textAt } from '#schema'

const RBAC = 'rbac.authorization.k8s.io'

/**
 * Refuses that somebody gives what he has not himself: by a role, unless he may `escalate` it, or by a binding, unless he
 * may `bind` its role (kubernetes.io/docs/reference/access-authn-authz/rbac, "Privilege escalation prevention").
 */
export function refuseEscalation(policy: PolicyIndex) {
  return (caller: Caller, resource: Resource, next: KubeObject, old: KubeObject | undefined): void => {
    if (resource.group !== RBAC || caller.groups.includes(MASTERS)) return
    if (old !== undefined && isSameJson(givingOf(next), givingOf(old))) return
    const given = resource.kind.endsWith('Binding')
      ? givenByBinding(policy, caller, next)
      : givenByRole(policy, caller, resource, next)
    const { namespace } = next.metadata
    const lacking = notCovered([...rulesOf(policy, caller, namespace)], given)
    if (lacking.length > 0) throw refusal(caller, resource, next.metadata.name, lacking)
  }
}

// All but what the garbage collector changes. Labels give too: they make a role part of an aggregated one.
function givingOf({ metadata, ...rest }: KubeObject): Json {
  const {
    ownerReferences: _o,
    finalizers: _f,
    managedFields: _m,
    generation: _g,
    resourceVersion: _r,
    ...giving
  } = metadata
  return { ...rest, metadata: giving }
}

const EVERYTHING: readonly Json[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

function givenByRole(policy: PolicyIndex, caller: Caller, { plural }: Resource, role: KubeObject): readonly Json[] {
  if (isAllowed(policy, caller, attemptOn('escalate', plural, role.metadata))) return []
  // Whoever may label a role decides what an aggregated one allows: nobody knows today what that will be.
  return role['aggregationRule'] === undefined ? listAt(role, 'rules') : EVERYTHING
}

function givenByBinding(policy: PolicyIndex, caller: Caller, binding: KubeObject): readonly Json[] {
  const plural = textAt(binding, 'roleRef', 'kind') === 'Role' ? 'roles' : 'clusterroles'
  const { namespace } = binding.metadata
  const name = textAt(binding, 'roleRef', 'name') ?? ''
  if (isAllowed(policy, caller, attemptOn('bind', plural, { namespace, name }))) return []
  // What a role that is still to come will allow nobody knows.
  const role = plural === 'roles' ? policy.role(namespace ?? '', name) : policy.clusterRole(name)
  if (role === undefined) throw apiFault('NotFound', `${plural}.${RBAC} "${name}" not found`)
  return boundRules(policy, binding)
}

function attemptOn(
  verb: string,
  plural: string,
  place: { readonly namespace?: string | undefined; readonly name: string },
): Attempt {
  const { namespace, name } = place
  return { kind: 'resource', verb, group: RBAC, plural, subresource: undefined, namespace, name }
}

function refusal(caller: Caller, { plural }: Resource, name: string, lacking: readonly Json[]): Error {
  const shown = lacking.slice(0, 10).map(part => JSON.stringify(part))
  return apiFault(
    'Forbidden',
    `${plural}.${RBAC} "${name}" is forbidden: user "${caller.name}" (groups=${JSON.stringify(caller.groups)}) is attempting to grant RBAC permissions not currently held:\n${shown.join('\n')}`,
  )
}
