import { isSignedToken, type TokenSigner } from '../tokens/signer.ts'
import type { Authenticator } from './chain.ts'
import { claimsOf } from './claims.ts'

/** Everybody who shows what a bootstrap token was exchanged for, and is in no other group. */
export const CERTIFICATE_REQUESTERS = 'system:certificate-requesters'

/**
 * Believes the short-lived tokens that bootstrap tokens are exchanged for: their bearer is who showed the bootstrap token,
 * and may ask for a certificate, nothing else.
 */
export function exchangedTokenAuthenticator(parts: {
  readonly signer: TokenSigner
  readonly issuer: string
  readonly audience: string
}): Authenticator {
  const { signer, issuer, audience } = parts
  return async ({ bearer }) => {
    if (bearer === undefined || !isSignedToken(bearer)) return undefined
    const claims = await claimsOf(signer, bearer, { issuer, audiences: [audience] })
    if (claims === undefined) return undefined
    const extra = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] }
    const expiresMs = claims.exp * 1000
    return { name: claims.sub, uid: undefined, groups: [CERTIFICATE_REQUESTERS], extra, expiresMs }
  }
}
