/** Who signs tokens of service accounts, and with which keys. */
export interface TokenIssuer {
  /** What tokens name as their issuer. */
  readonly url: string
  /** The public keys as a JSON Web Key Set (RFC 7517, section 5). */
  readonly keys: () => object
}

/** Answers those who check tokens themselves (OpenID Connect Discovery 1.0, sections 3 and 4); undefined for other paths. */
export function answerIssuer(issuer: TokenIssuer | undefined, path: string): Response | undefined {
  if (issuer === undefined) return undefined
  if (path === KEYS_PATH) return documentOf(issuer.keys(), 'application/jwk-set+json')
  if (path !== '/.well-known/openid-configuration') return undefined
  const facts = {
    issuer: issuer.url,
    jwks_uri: `${issuer.url}${KEYS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  }
  return documentOf(facts, 'application/json')
}

const KEYS_PATH = '/openid/v1/jwks'

// As k8s.io/kubernetes/pkg/routes/openidmetadata.go.
function documentOf(body: object, type: string): Response {
  const headers = { 'content-type': type, 'cache-control': 'public, max-age=3600' }
  return new Response(JSON.stringify(body), { headers })
}
