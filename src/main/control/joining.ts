import { apiFault } from '#api'
import { type Caller, isAllowed, MASTERS, notCovered, type PolicyIndex, rulesOf } from '#identity'
import { type Json, type KubeObject, listAt, type Resource } from '#schema'

/**
 * Refuses that somebody puts a user into a group that may what he may not himself, anywhere, unless he may `impersonate`,
 * `bind` or `escalate` that group. Groups a user is in already stay. Faults: Forbidden.
 */
export function refuseJoining(policy: PolicyIndex) {
  return (caller: Caller, { group, kind }: Resource, next: KubeObject, old: KubeObject | undefined): void => {
    if (group !== 'cairn.dev' || kind !== 'User' || caller.groups.includes(MASTERS)) return
    const before = new Set(groupsOf(old))
    for (const joined of groupsOf(next)) {
      if (before.has(joined) || VERBS.some(verb => isAllowed(policy, caller, attemptOn(verb, joined)))) continue
      const lacking = lackingOf(policy, caller, joined)
      if (lacking.length > 0) throw refusal(caller, next.metadata.name, joined, lacking)
    }
  }
}

const VERBS = ['impersonate', 'bind', 'escalate'] as const

function groupsOf(user: KubeObject | undefined): readonly string[] {
  return listAt(user, 'spec', 'groups').filter(each => typeof each === 'string')
}

// What the group may in the whole cloud, and in each namespace, that the caller may not there.
function lackingOf(policy: PolicyIndex, caller: Caller, group: string): readonly Json[] {
  const member: Caller = { name: '', uid: undefined, groups: [group], extra: {} }
  for (const namespace of [undefined, ...policy.boundNamespaces]) {
    const lacking = notCovered([...rulesOf(policy, caller, namespace)], [...rulesOf(policy, member, namespace)])
    if (lacking.length > 0) return lacking
  }
  return []
}

function attemptOn(verb: string, name: string) {
  const [subresource, namespace] = [undefined, undefined]
  return { kind: 'resource', verb, group: '', plural: 'groups', subresource, namespace, name } as const
}

function refusal(caller: Caller, name: string, group: string, lacking: readonly Json[]): Error {
  const shown = lacking.slice(0, 10).map(part => JSON.stringify(part))
  return apiFault(
    'Forbidden',
    `users.cairn.dev "${name}" is forbidden: user "${caller.name}" (groups=${JSON.stringify(caller.groups)}) is attempting to give the group "${group}", which may what he may not:\n${shown.join('\n')}`,
  )
}
