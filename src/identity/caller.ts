/** Who asks, once it is proved (k8s.io/apiserver/pkg/authentication/user Info). */
export interface Caller {
  /** Such as `admin`, or `system:serviceaccount:NAMESPACE:NAME`. */
  readonly name: string
  readonly uid: string | undefined
  readonly groups: readonly string[]
  /** Those of the groups that only his record gives, not what he has shown: they end with it. */
  readonly recordGroups?: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
  /** Milliseconds since 1970 from which on his credential does not hold any more; undefined: it does not end by itself. */
  readonly expiresMs?: number | undefined
  /** Who asks in his place, when somebody does. */
  readonly impersonator?: string | undefined
}

/** Everybody who has proved who he is. */
export const AUTHENTICATED = 'system:authenticated'
/** Those who may do everything, whatever the roles say. */
export const MASTERS = 'system:masters'

/** Who has shown nothing. */
export const ANONYMOUS: Caller = {
  name: 'system:anonymous',
  uid: undefined,
  groups: ['system:unauthenticated'],
  extra: {},
}
