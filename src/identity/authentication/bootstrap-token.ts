import type { Clock } from '#base'
import type { KubeObject } from '#schema'
import { AUTHENTICATED } from '../caller.ts'
import type { Attempts } from '../tokens/attempts.ts'
import { isSameSecret, parseBootstrapToken } from '../tokens/bootstrap.ts'
import { BOOTSTRAPPERS, bootstrapGrant } from '../tokens/bootstrap-secret.ts'
import type { Authenticator } from './chain.ts'

/** The user name of who shows a bootstrap token is this and the token's id. */
export const BOOTSTRAP_USER = 'system:bootstrap:'

/** Where tokens are looked up, and how often one may be guessed. */
export interface BootstrapTokens {
  readonly clock: Clock
  readonly attempts: Attempts
  /** The Secret of a token. */
  readonly secretOf: (id: string, signal: AbortSignal) => Promise<KubeObject | undefined>
}

/** Believes bootstrap tokens until they expire or are used up. Wrong secrets count as attempts on the token. */
export function bootstrapTokenAuthenticator({ clock, attempts, secretOf }: BootstrapTokens): Authenticator {
  return async ({ bearer }, signal) => {
    const token = bearer === undefined ? undefined : parseBootstrapToken(bearer)
    if (token === undefined || !attempts.mayTry(token.id)) return undefined
    const secret = await secretOf(token.id, signal)
    const grant = secret === undefined ? undefined : bootstrapGrant(secret, Number(clock.wallNs() / 1_000_000n))
    if (!isSameSecret(grant?.secret ?? '', token.secret) || grant === undefined) {
      attempts.failed(token.id)
      return undefined
    }
    const groups = [BOOTSTRAPPERS, ...grant.groups, AUTHENTICATED]
    return { name: `${BOOTSTRAP_USER}${grant.id}`, uid: undefined, groups, extra: {}, expiresMs: grant.expiresMs }
  }
}
