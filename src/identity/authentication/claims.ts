import { isFault } from '#base'
import type { TokenClaims, TokenSigner } from '../tokens/signer.ts'

/** What a token says; undefined when it does not hold, or is meant for somebody else. */
export async function claimsOf(
  signer: TokenSigner,
  token: string,
  { issuer, audiences }: { readonly issuer: string; readonly audiences: readonly string[] },
): Promise<TokenClaims | undefined> {
  try {
    return await signer.verify(token, issuer, audiences)
  } catch (error) {
    if (isFault(error, 'TokenExpired') || isFault(error, 'TokenInvalid')) return undefined
    throw error
  }
}
