import type { Attempt, Caller } from '#identity'
import { apiFault } from '../faults.ts'
import type { Target } from './path.ts'

/** What a request wants to do, as RBAC decides it. */
export function attemptOf(target: Target, verb: string): Attempt {
  if (target.kind === 'other') return { kind: 'path', verb, path: target.path }
  const { group, plural, subresource, namespace, name } = target
  return plural === ''
    ? { kind: 'path', verb: 'get', path: target.path }
    : { kind: 'resource', verb, group, plural, subresource, namespace: isNamespace(target) ? name : namespace, name }
}

// A namespace lies in itself: who may read all in it may read it (k8s.io/apiserver/pkg/endpoints/request NewRequestInfo).
function isNamespace({ group, plural }: { readonly group: string; readonly plural: string }): boolean {
  return group === '' && plural === 'namespaces'
}

/** The refusal of an attempt, in Kubernetes' words. */
export function forbidden(caller: Caller, attempt: Attempt): Error {
  const who = `User "${caller.name}" cannot ${attempt.verb}`
  if (attempt.kind === 'path') return apiFault('Forbidden', `forbidden: ${who} path "${attempt.path}"`)
  const { group, plural, subresource, namespace, name } = attempt
  const what = subresource === undefined ? plural : `${plural}/${subresource}`
  const full = group === '' ? plural : `${plural}.${group}`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const one = name === undefined ? '' : ` "${name}"`
  return apiFault('Forbidden', `${full}${one} is forbidden: ${who} resource "${what}" in API group "${group}" ${where}`)
}
