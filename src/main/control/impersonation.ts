import { apiFault } from '#api'
import { ANONYMOUS, type Attempt, AUTHENTICATED, type Caller } from '#identity'

/** Whether somebody may. */
export type MayHe = (caller: Caller, attempt: Attempt) => boolean

/** What is asked about who acts in the place of another. */
export interface ImpersonationParts {
  readonly mayHe: MayHe
  /** Why a user is let in nowhere; undefined when he is. */
  readonly whyRefused: (name: string) => string | undefined
}

/**
 * In whose place a request is made, by its `Impersonate-` headers (kubernetes.io/docs/reference/access-authn-authz/authentication,
 * "User impersonation"); the caller himself when there are none. Faults: BadRequest, Forbidden.
 */
export function impersonated(request: Request, caller: Caller, { mayHe, whyRefused }: ImpersonationParts): Caller {
  const { headers } = request
  const name = headers.get('impersonate-user')
  const uid = headers.get('impersonate-uid') ?? undefined
  const groups = listOf(headers.get('impersonate-group'))
  const extra = extraOf(headers)
  if (name === null || name === '') {
    if (groups.length === 0 && uid === undefined && Object.keys(extra).length === 0) return caller
    throw apiFault('BadRequest', 'requested impersonation without impersonating a user')
  }
  for (const attempt of [userAttempt(name), ...groups.map(each => attemptOn('', 'groups', each))]) check(attempt)
  if (uid !== undefined) check(attemptOn('authentication.k8s.io', 'uids', uid))
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) check({ ...attemptOn('authentication.k8s.io', 'userextras', value), subresource: key })
  }
  // Told only to those who may act in his place.
  const why = whyRefused(name)
  if (why !== undefined) throw apiFault('Forbidden', `user "${name}" ${why}: nobody can act in his place`)
  const known = name === ANONYMOUS.name ? ANONYMOUS.groups : [AUTHENTICATED]
  const given = groups.length > 0 ? groups : usualGroups(name)
  const { name: impersonator, expiresMs } = caller
  return { name, uid, groups: [...new Set([...given, ...known])], extra, expiresMs, impersonator }

  function check(attempt: Attempt & { kind: 'resource' }): void {
    if (mayHe(caller, attempt)) return
    const what = `${attempt.plural} "${attempt.name}"`
    throw apiFault(
      'Forbidden',
      `${what} is forbidden: User "${caller.name}" cannot impersonate resource "${attempt.plural}"`,
    )
  }
}

// Headers that come several times are one, with commas between.
function listOf(value: string | null): readonly string[] {
  return value === null
    ? []
    : value
        .split(',')
        .map(each => each.trim())
        .filter(each => each !== '')
}

function extraOf(headers: Headers): Readonly<Record<string, readonly string[]>> {
  const rows = [...headers].filter(([name]) => name.startsWith(EXTRA))
  return Object.fromEntries(rows.map(([name, value]) => [decodeKey(name.slice(EXTRA.length)), listOf(value)]))
}

const EXTRA = 'impersonate-extra-'

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    throw apiFault('BadRequest', `the header Impersonate-Extra-${key} is not encoded well`)
  }
}

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/

function usualGroups(name: string): readonly string[] {
  const [, namespace] = ACCOUNT.exec(name) ?? []
  return namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
}

function userAttempt(name: string) {
  const [, namespace, account] = ACCOUNT.exec(name) ?? []
  if (namespace === undefined) return attemptOn('', 'users', name)
  return { ...attemptOn('', 'serviceaccounts', account ?? ''), namespace }
}

function attemptOn(group: string, plural: string, name: string) {
  return {
    kind: 'resource',
    verb: 'impersonate',
    group,
    plural,
    name,
    subresource: undefined as string | undefined,
    namespace: undefined as string | undefined,
  } as const
}
