import type { Attempt } from '../rbac/authorize.ts'
import type { NodeIndex } from './node-index.ts'
import { referenceTo } from './references.ts'

/** Where machines renew that they live. */
const NODE_LEASES = 'kube-node-lease'

/**
 * What a right depends on: `own`: the object has the name of the machine; `has`: the machine has to do with it; `selected`: the
 * list is of what is on the machine only; `made`: what is made is looked at where it is known (see who guards writes).
 */
type Condition = 'own' | 'has' | 'selected' | 'made'

interface NodeRight {
  readonly group: string
  readonly resources: readonly string[]
  readonly verbs: Readonly<Record<string, Condition>>
  readonly namespace?: string
}

const READ = { get: 'has', list: 'has', watch: 'has' } as const
const KEEP = { create: 'made', get: 'own', update: 'own', patch: 'own' } as const
const CHANGE = { update: 'has', patch: 'has' } as const

// What depends on the machine (kubernetes.io/docs/reference/access-authn-authz/node and admission-controllers,
// "NodeRestriction"). What all of them may, the role `node` says.
const RIGHTS: readonly NodeRight[] = [
  { group: '', resources: ['nodes'], verbs: { ...KEEP, list: 'own', watch: 'own' } },
  { group: '', resources: ['nodes/status'], verbs: { update: 'own', patch: 'own' } },
  {
    group: '',
    resources: ['pods'],
    verbs: { create: 'made', get: 'has', list: 'selected', watch: 'selected', delete: 'has' },
  },
  { group: '', resources: ['pods/status', 'persistentvolumeclaims/status'], verbs: CHANGE },
  { group: '', resources: ['pods/eviction', 'serviceaccounts/token'], verbs: { create: 'has' } },
  { group: '', resources: ['secrets', 'configmaps'], verbs: READ },
  { group: '', resources: ['persistentvolumeclaims', 'persistentvolumes', 'serviceaccounts'], verbs: { get: 'has' } },
  {
    group: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: { ...KEEP, delete: 'own' },
    namespace: NODE_LEASES,
  },
  { group: 'storage.k8s.io', resources: ['csinodes'], verbs: { ...KEEP, delete: 'own' } },
  { group: 'storage.k8s.io', resources: ['volumeattachments'], verbs: { get: 'has' } },
  { group: 'certificates.k8s.io', resources: ['certificatesigningrequests'], verbs: { ...READ, create: 'made' } },
  { group: 'cairn.dev', resources: ['disks'], verbs: { ...CHANGE, create: 'made' } },
  { group: 'cairn.dev', resources: ['disks/status'], verbs: CHANGE },
]

/** What an attempt of a machine depends on; undefined when it is none of those that only some machines may. */
function conditionOf(attempt: ResourceAttempt): Condition | undefined {
  const { group, plural, subresource, verb, namespace } = attempt
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`
  const right = RIGHTS.find(each => each.group === group && each.resources.includes(resource))
  if (right === undefined || (right.namespace !== undefined && right.namespace !== namespace)) return undefined
  return Object.hasOwn(right.verbs, verb) ? right.verbs[verb] : undefined
}

type ResourceAttempt = Attempt & { readonly kind: 'resource' }

/** True when the answer depends on what objects say. */
export function dependsOnObjects(attempt: Attempt): attempt is ResourceAttempt {
  return attempt.kind === 'resource' && conditionOf(attempt) === 'has' && attempt.name !== undefined
}

/** True when a machine may do this because of what it is, or of what it has to do with. */
export function isNodeAllowed(index: NodeIndex, node: string, attempt: Attempt): boolean {
  if (attempt.kind !== 'resource') return false
  const { plural, namespace, name, nodeName } = attempt
  switch (conditionOf(attempt)) {
    case 'own':
      return name === node
    case 'has':
      return name !== undefined && name !== '' && index.has(node, referenceTo(plural, namespace, name))
    case 'selected':
      return nodeName === node
    case 'made':
      return true
    case undefined:
      return false
  }
}
