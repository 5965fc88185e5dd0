import type { Attempt, Caller } from '#identity'
import { apiFault } from '../faults.ts'
import type { Target } from './path.ts'

/** What a request wants to do, as RBAC decides it. */
export function attemptOf(target: Target, verb: string, query: URLSearchParams): Attempt {
  if (target.kind === 'other') return { kind: 'path', verb, path: target.path }
  const { group, plural, subresource, namespace } = target
  if (plural === '') return { kind: 'path', verb: 'get', path: target.path }
  const inside = isNamespace(target) ? target.name : namespace
  const isOfMany = OF_MANY.has(verb)
  const name = target.name ?? (isOfMany ? selected(query, NAME) : undefined)
  const nodeName = isOfMany ? selected(query, NODE_NAME) : undefined
  const attempt = { kind: 'resource', verb, group, plural, subresource, namespace: inside, name } as const
  return nodeName === undefined ? attempt : { ...attempt, nodeName }
}

const OF_MANY: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection'])

// What selects one object by its name is a request for that object: a rule for that name allows it. Where anything is
// escaped, the term could be part of a value: then it is a request for all.
function selected(query: URLSearchParams, field: RegExp): string | undefined {
  const selector = query.get('fieldSelector') ?? ''
  if (selector.includes('\\') || query.getAll('fieldSelector').length > 1) return undefined
  return field.exec(selector)?.[1]
}

const NAME = /(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)/
const NODE_NAME = /(?:^|,)spec\.nodeName==?([^,!=]+)(?:,|$)/

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
