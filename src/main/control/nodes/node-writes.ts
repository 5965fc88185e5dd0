import { apiFault } from '#api'
import { type Caller, hasReferences, MIRROR, nodeOf } from '#identity'
import { isSameJson, type Json, jsonAt, type KubeObject, listAt, type Resource, textAt } from '#schema'
import { changedLabels, isLabelOfMachine } from './node-labels.ts'

/**
 * Refuses what a machine may not make of the objects that it may write: those of others, and what would give it, or take from
 * others, what only people decide (kubernetes.io, "Admission Control", NodeRestriction). Faults: Forbidden.
 */
export function refuseOtherNodes(
  caller: Caller,
  { group, plural }: Resource,
  next: KubeObject,
  old: KubeObject | undefined,
): void {
  const node = nodeOf(caller)
  const rule = node === undefined ? undefined : RULES[`${group}/${plural}`]
  if (node === undefined || rule === undefined) return
  const problem = rule(node, next, old)
  if (problem === undefined) return
  const what = group === '' ? plural : `${plural}.${group}`
  throw apiFault('Forbidden', `${what} "${next.metadata.name}" is forbidden: node "${node}" ${problem}`)
}

type Rule = (node: string, next: KubeObject, old: KubeObject | undefined) => string | undefined

const RULES: Readonly<Record<string, Rule>> = {
  '/nodes': (node, next, old) => ofOther('node', node, next.metadata.name) ?? nodeProblem(next, old),
  '/pods': (node, next, old) =>
    ofOther('pod of node', node, textAt(old ?? next, 'spec', 'nodeName')) ??
    (old === undefined ? mirrorProblem(node, next) : undefined),
  'coordination.k8s.io/leases': (node, next) => ofOther('lease of node', node, next.metadata.name),
  'storage.k8s.io/csinodes': (node, next) => ofOther('csinode', node, next.metadata.name),
  'cairn.dev/disks': (node, next, old) => ofOther('disk of node', node, textAt(old ?? next, 'spec', 'nodeName')),
  'certificates.k8s.io/certificatesigningrequests': (_, next) => {
    const signer = textAt(next, 'spec', 'signerName') ?? ''
    return SIGNERS.has(signer) ? undefined : `may not ask the signer "${signer}"`
  },
}

const SIGNERS: ReadonlySet<string> = new Set([
  'kubernetes.io/kube-apiserver-client-kubelet',
  'kubernetes.io/kubelet-serving',
])

function ofOther(what: string, node: string, found: string | undefined): string | undefined {
  return found === node ? undefined : `may not write the ${what} "${found ?? ''}"`
}

// Who may be drawn to the machine, and what goes when it goes, people decide.
function nodeProblem(next: KubeObject, old: KubeObject | undefined): string | undefined {
  const label = changedLabels(next, old).find(each => !isLabelOfMachine(each))
  if (label !== undefined) return `may not change the label "${label}"`
  const taints = (node: KubeObject | undefined): readonly Json[] => listAt(node, 'spec', 'taints')
  if (old !== undefined && !isSameJson(taints(next), taints(old))) return 'may not change its taints'
  const owners = (node: KubeObject | undefined): Json => jsonAt(node, 'metadata', 'ownerReferences') ?? []
  return isSameJson(owners(next), owners(old)) ? undefined : 'may not change its owners'
}

// A machine shows the pods that it runs of itself, and gets nothing by them.
function mirrorProblem(node: string, pod: KubeObject): string | undefined {
  if (pod.metadata.annotations?.[MIRROR] === undefined) return 'may only make mirror pods'
  if (hasReferences(pod)) return 'may not make a pod that refers to other objects'
  const owners = listAt(pod, 'metadata', 'ownerReferences')
  const isOwn = owners.every(each => textAt(each, 'kind') === 'Node' && textAt(each, 'name') === node)
  return isOwn ? undefined : 'may not make a pod that others own'
}
