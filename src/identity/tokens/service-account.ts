import { type Json, jsonAt, listAt, textAt } from '#schema'
import type { Caller } from '../caller.ts'
import type { TokenClaims } from './signer.ts'

/** Whom a service account token is for, and what it is bound to: gone, the token is worth nothing. */
export interface ServiceAccountSubject {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly bound: BoundObject | undefined
}

/** An object a token lives as long as. */
export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node'
  readonly name: string
  readonly uid: string
}

/** Every service account. */
export const SERVICE_ACCOUNTS = 'system:serviceaccounts'

/** The user name of a service account. */
export function serviceAccountUser({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `system:serviceaccount:${namespace}:${name}`
}

/** The claims that say so (k8s.io/kubernetes pkg/serviceaccount privateClaims). */
export function subjectClaims({
  namespace,
  name,
  uid,
  bound,
}: ServiceAccountSubject): Pick<TokenClaims, 'sub' | 'extra'> {
  const held = bound === undefined ? {} : { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }
  const extra = { 'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...held } }
  return { sub: serviceAccountUser({ namespace, name }), extra }
}

/** Reads them again; undefined when the claims are of no service account. */
export function subjectOf({ sub, extra }: Pick<TokenClaims, 'sub' | 'extra'>): ServiceAccountSubject | undefined {
  const claims: Json | undefined = extra['kubernetes.io']
  const namespace = textAt(claims, 'namespace')
  const name = textAt(claims, 'serviceaccount', 'name')
  const uid = textAt(claims, 'serviceaccount', 'uid')
  if (namespace === undefined || name === undefined || uid === undefined) return undefined
  if (sub !== serviceAccountUser({ namespace, name })) return undefined
  return { namespace, name, uid, bound: boundIn(claims) }
}

function boundIn(claims: Json | undefined): BoundObject | undefined {
  for (const kind of ['Pod', 'Secret', 'Node'] as const) {
    const name = textAt(claims, kind.toLowerCase(), 'name')
    const uid = textAt(claims, kind.toLowerCase(), 'uid')
    if (name !== undefined && uid !== undefined) return { kind, name, uid }
  }
  return undefined
}

/** Who a service account is to RBAC. */
export function serviceAccountCaller(
  { namespace, name, uid }: ServiceAccountSubject,
  { jti, exp }: Pick<TokenClaims, 'jti' | 'exp'>,
): Caller {
  return {
    name: serviceAccountUser({ namespace, name }),
    uid,
    groups: [SERVICE_ACCOUNTS, `${SERVICE_ACCOUNTS}:${namespace}`, 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${jti}`] },
    expiresMs: exp * 1000,
  }
}

/** What a TokenRequest asks for (authentication.k8s.io/v1). */
export interface TokenWish {
  readonly audiences: readonly string[]
  readonly expirationSeconds: number
  readonly bound:
    | { readonly version: string; readonly kind: string; readonly name: string; readonly uid: string | undefined }
    | undefined
}

/** Reads the spec of a TokenRequest. */
export function tokenWish(request: Json): TokenWish {
  const kind = textAt(request, 'spec', 'boundObjectRef', 'kind')
  const seconds = jsonAt(request, 'spec', 'expirationSeconds')
  return {
    audiences: listAt(request, 'spec', 'audiences').filter(each => typeof each === 'string'),
    expirationSeconds: typeof seconds === 'number' ? seconds : 3600,
    bound:
      kind === undefined
        ? undefined
        : {
            version: textAt(request, 'spec', 'boundObjectRef', 'apiVersion') ?? '',
            kind,
            name: textAt(request, 'spec', 'boundObjectRef', 'name') ?? '',
            uid: textAt(request, 'spec', 'boundObjectRef', 'uid'),
          },
  }
}
