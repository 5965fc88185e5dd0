import { BOOTSTRAP_USER, type Authenticator, type Caller, parseBootstrapToken, type TokenSigner } from '#identity'
import { isJsonObject, textAt } from '#schema'
import { json } from '../answers/answer.ts'
import { apiFault } from '../faults.ts'
import { EXCHANGE_BYTES_MAX, EXCHANGED_TOKEN_SECONDS } from '../limits.ts'
import { parseJson, readAll } from '../request/body.ts'

/** Who signs tokens that bootstrap tokens are exchanged for. */
export const EXCHANGE_ISSUER = 'nanocloud.io/control-plane'
/** What such a token is for. */
export const EXCHANGE_AUDIENCE = 'nanocloud.io/certificate'

/** What an exchange works with. */
export interface ExchangeParts {
  readonly signer: TokenSigner
  /** Who shows a bootstrap token. */
  readonly knows: Authenticator
}

/** Somebody who has a bootstrap token, or says so. */
export interface Exchanger {
  readonly request: Request
  /** Where he is. */
  readonly network: string
  /** Hears which token he shows, and who he is when it holds: for the audit log, also when he is refused. Never the secret. */
  readonly shows: (who: { readonly tokenId: string | undefined; readonly caller: Caller | undefined }) => void
}

/**
 * `POST /v1/serviceaccounts/token` with `{singleUseToken}`: a signed token for five minutes, which is good for asking for a
 * certificate. The bootstrap token itself is used up by the certificate. Faults: BadRequest, Unauthorized, TooManyRequests.
 */
export async function exchangeToken(
  { signer, knows }: ExchangeParts,
  { request, network, shows }: Exchanger,
): Promise<Response> {
  const body = parseJson(await readAll(request, EXCHANGE_BYTES_MAX))
  const bearer = isJsonObject(body) ? textAt(body, 'singleUseToken') : undefined
  if (bearer === undefined) throw apiFault('BadRequest', 'singleUseToken: the body must have it, as ID.SECRET')
  const tokenId = parseBootstrapToken(bearer)?.id
  shows({ tokenId, caller: undefined })
  const caller = await knows({ certificate: undefined, bearer, network }, request.signal)
  if (caller === undefined || !caller.name.startsWith(BOOTSTRAP_USER)) {
    throw apiFault('Unauthorized', 'the token is unknown, used up or has expired; make another: cairn token create')
  }
  shows({ tokenId, caller })
  const { token, claims } = await signer.sign({
    issuer: EXCHANGE_ISSUER,
    subject: caller.name,
    audiences: [EXCHANGE_AUDIENCE],
    seconds: EXCHANGED_TOKEN_SECONDS,
    extra: {},
  })
  const time = (seconds: number) => new Date(seconds * 1000).toISOString()
  return json(200, { token, issuedAt: time(claims.iat), expiresAt: time(claims.exp) })
}
