import type { Clock } from '#base'
import type { KubeObject } from '#schema'
import { DELETED_LEEWAY_MS } from '../limits.ts'
import {
  type BoundObject,
  type ServiceAccountSubject,
  serviceAccountCaller,
  subjectOf,
} from '../tokens/service-account.ts'
import { isSignedToken, type TokenSigner } from '../tokens/signer.ts'
import type { Authenticator } from './chain.ts'
import { claimsOf } from './claims.ts'

/** Whose tokens are believed, and where the objects are that they depend on. */
export interface ServiceAccountTokens {
  readonly clock: Clock
  readonly signer: TokenSigner
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly find: FindBound
}

/** Finds what a token depends on. */
export type FindBound = (
  kind: 'ServiceAccount' | BoundObject['kind'],
  place: { readonly namespace: string | undefined; readonly name: string },
  signal: AbortSignal,
) => Promise<KubeObject | undefined>

/** Believes tokens of service accounts while the account, and what the token is bound to, are there. */
export function serviceAccountAuthenticator(tokens: ServiceAccountTokens): Authenticator {
  return async ({ bearer }, signal) => {
    if (bearer === undefined || !isSignedToken(bearer)) return undefined
    const claims = await claimsOf(tokens.signer, bearer, tokens)
    const subject = claims === undefined ? undefined : subjectOf(claims)
    if (claims === undefined || subject === undefined || !(await isAlive(tokens, subject, signal))) return undefined
    return serviceAccountCaller(subject, claims)
  }
}

/**
 * True while a service account is the one a token was made for, and so is what the token is bound to. What is being deleted ends its
 * tokens a minute behind the time it was given, so that it can say good-bye (kubernetes.io/docs/concepts/security/service-accounts).
 */
export async function isAlive(
  { clock, find }: Pick<ServiceAccountTokens, 'clock' | 'find'>,
  subject: ServiceAccountSubject,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace, name, uid, bound } = subject
  const account = await find('ServiceAccount', { namespace, name }, signal)
  if (!isThere(account, uid, clock)) return false
  if (bound === undefined) return true
  const place = { namespace: bound.kind === 'Node' ? undefined : namespace, name: bound.name }
  return isThere(await find(bound.kind, place, signal), bound.uid, clock)
}

function isThere(object: KubeObject | undefined, uid: string, clock: Clock): boolean {
  if (object?.metadata.uid !== uid) return false
  const { deletionTimestamp } = object.metadata
  const nowMs = Number(clock.wallNs() / 1_000_000n)
  return deletionTimestamp === undefined || nowMs < Date.parse(deletionTimestamp) + DELETED_LEEWAY_MS
}
