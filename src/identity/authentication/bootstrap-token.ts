import type { Clock } from '#base'
import type { KubeObject } from '#schema'
import { AUTHENTICATED } from '../caller.ts'
import { identityFault } from '../faults.ts'
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

/**
 * Believes bootstrap tokens until they expire or are used up. A secret has 82 bits, so it is not a limit that keeps it safe: that
 * only keeps guessing cheap for us. Wrong secrets therefore count for a token and a sender together. If they counted for the
 * token alone, whoever knows its id, which is no secret, could keep its bearer out. Faults: TooManyRequests.
 */
export function bootstrapTokenAuthenticator({ clock, attempts, secretOf }: BootstrapTokens): Authenticator {
  return async ({ bearer, network = '' }, signal) => {
    const token = bearer === undefined ? undefined : parseBootstrapToken(bearer)
    if (token === undefined) return undefined
    const attempt = `${network} ${token.id}`
    if (!attempts.mayTry(attempt)) throw tooMany(token.id)
    const secret = await secretOf(token.id, signal)
    const grant = secret === undefined ? undefined : bootstrapGrant(secret, Number(clock.wallNs() / 1_000_000n))
    if (!isSameSecret(grant?.secret ?? '', token.secret) || grant === undefined) {
      attempts.failed(attempt)
      return undefined
    }
    const groups = [BOOTSTRAPPERS, ...grant.groups, AUTHENTICATED]
    return { name: `${BOOTSTRAP_USER}${grant.id}`, uid: undefined, groups, extra: {}, expiresMs: grant.expiresMs }
  }
}

function tooMany(id: string): Error {
  const message = `there were too many wrong secrets for token ${id} from this address`
  return identityFault('TooManyRequests', message, { hint: 'Wait a minute.' })
}
