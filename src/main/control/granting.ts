import { apiFault } from '#api'
import {
  type Attempt,
  BOOTSTRAP_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  type Caller,
  isAllowed,
  bootstrapGroups,
  machineRole,
  type PolicyIndex,
  MASTERS,
  TOKEN_USER,
} from '#identity'
import { isSameJson, type Json, jsonAt, type KubeObject, listAt, type Resource, textAt } from '#schema'

const CERTIFICATES = 'certificates.k8s.io'

/**
 * Refuses what would let somebody in as another: a token for a user in whose place its writer may not act, and a request
 * for a certificate approved or signed by who may not do so for its signer (kubernetes.io, "Certificates and Certificate
 * Signing Requests", Authorization).
 */
export function refuseGranting(policy: PolicyIndex) {
  return (caller: Caller, resource: Resource, next: KubeObject, old: KubeObject | undefined): void => {
    for (const { attempt, why } of needed(resource, next, old)) {
      if (attempt.some(each => isAllowed(policy, caller, each))) continue
      const what = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
      throw apiFault('Forbidden', `${what} "${next.metadata.name}" is forbidden: user "${caller.name}" ${why}`)
    }
  }
}

/** One right that a write needs; one of several attempts is enough. */
interface Need {
  readonly attempt: readonly Attempt[]
  readonly why: string
}

function needed({ group, plural }: Resource, next: KubeObject, old: KubeObject | undefined): readonly Need[] {
  if (group === '' && plural === 'secrets') return neededForToken(next)
  if (group === CERTIFICATES && plural === 'certificatesigningrequests') return neededForRequest(next, old)
  return []
}

// Also for one that is changed only: his own secret in it makes it his.
function neededForToken({ metadata, ...secret }: KubeObject): readonly Need[] {
  const user = metadata.annotations?.[TOKEN_USER]
  const isToken = metadata.namespace === BOOTSTRAP_NAMESPACE && secret['type'] === BOOTSTRAP_SECRET_TYPE
  if (!isToken) return []
  return [
    ...(user === undefined ? [] : [impersonating('users', user)]),
    ...(machineRole(bootstrapGroups({ metadata, ...secret })) === undefined ? [] : [impersonating('groups', MASTERS)]),
  ]
}

// A machine is near to all data: who lets one in may do everything himself.
function impersonating(plural: 'users' | 'groups', name: string): Need {
  return {
    attempt: [attemptOn('impersonate', '', plural, name)],
    why: `cannot impersonate ${plural.slice(0, -1)} "${name}"`,
  }
}

function neededForRequest(next: KubeObject, old: KubeObject | undefined): readonly Need[] {
  const signer = textAt(next, 'spec', 'signerName') ?? ''
  const need = (verb: string): Need => ({
    attempt: [signer, `${signer.split('/', 1)[0] ?? ''}/*`].map(name => attemptOn(verb, CERTIFICATES, 'signers', name)),
    why: `cannot ${verb} requests with signerName "${signer}"`,
  })
  const certificate = (object: KubeObject | undefined) => jsonAt(object, 'status', 'certificate') ?? null
  return [
    ...(isSameJson(decisions(next), decisions(old)) ? [] : [need('approve')]),
    ...(isSameJson(certificate(next), certificate(old)) ? [] : [need('sign')]),
  ]
}

function decisions(request: KubeObject | undefined): readonly Json[] {
  const isDecision = (type: string | undefined) => type === 'Approved' || type === 'Denied'
  return listAt(request, 'status', 'conditions').filter(each => isDecision(textAt(each, 'type')))
}

function attemptOn(verb: string, group: string, plural: string, name: string): Attempt {
  return { kind: 'resource', verb, group, plural, subresource: undefined, namespace: undefined, name }
}
