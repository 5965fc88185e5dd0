import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import type { Clock, Entropy } from '#base'
import { isJsonObject, type Json } from '#schema'
import { identityFault } from '../faults.ts'
import type { PrivateKeyPem } from '../x509/authority.ts'

/** What a token says (RFC 7519, section 4.1); times are in seconds since 1970. */
export interface TokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: readonly string[]
  readonly jti: string
  readonly iat: number
  readonly exp: number
  /** Claims of whoever issues the token. */
  readonly extra: Readonly<Record<string, Json>>
}

/** What a new token is to say. */
export interface TokenOrder {
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  readonly seconds: number
  readonly extra: Readonly<Record<string, Json>>
}

interface Key {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/**
 * Signs JSON Web Tokens with the newest of its keys (ES256: P-256 and SHA-256) and believes what any of them signed, so that
 * keys can be replaced while older tokens live on.
 */
export class TokenSigner {
  readonly #clock: Clock
  readonly #entropy: Entropy
  #keys: readonly [Key, ...Key[]]

  private constructor(world: { readonly clock: Clock; readonly entropy: Entropy }, keys: readonly [Key, ...Key[]]) {
    this.#clock = world.clock
    this.#entropy = world.entropy
    this.#keys = keys
  }

  /** With private keys in PEM (PKCS #8), the one that signs first. */
  static async open(
    world: { readonly clock: Clock; readonly entropy: Entropy },
    pems: readonly [PrivateKeyPem, ...PrivateKeyPem[]],
  ): Promise<TokenSigner> {
    return new TokenSigner(world, await keysOf(pems))
  }

  /** Takes the keys as they are now, in the order of {@link open}. */
  async renew(pems: readonly [PrivateKeyPem, ...PrivateKeyPem[]]): Promise<void> {
    this.#keys = await keysOf(pems)
  }

  /** A token and what it says. */
  async sign(order: TokenOrder): Promise<{ readonly token: string; readonly claims: TokenClaims }> {
    const iat = this.#nowSeconds()
    const jti = Buffer.from(this.#entropy.bytes(16)).toString('base64url')
    const { issuer: iss, subject: sub, audiences: aud, extra } = order
    const claims = { iss, sub, aud, jti, iat, exp: iat + order.seconds, extra }
    const [key] = this.#keys
    const token = await new SignJWT({ ...extra, iss, sub, aud: [...aud], jti, iat, nbf: iat, exp: claims.exp })
      .setProtectedHeader({ alg: ALGORITHM, kid: key.id, typ: 'JWT' })
      .sign(key.privateKey)
    return { token, claims }
  }

  /** What a token of this issuer for one of these audiences says. Faults: TokenExpired, TokenInvalid. */
  async verify(token: string, issuer: string, audiences: readonly string[]): Promise<TokenClaims> {
    const key = this.#keys.find(({ id }) => id === keyIdOf(token))
    if (key === undefined) throw identityFault('TokenInvalid', 'the token is signed by a key that is not ours')
    const currentDate = new Date(this.#nowSeconds() * 1000)
    const options = { algorithms: [ALGORITHM], issuer, audience: [...audiences], currentDate, requiredClaims: CLAIMS }
    const { payload } = await jwtVerify(token, key.publicKey, options).catch((cause: unknown) => refuse(cause))
    const { iss = '', sub = '', aud = [], jti = '', iat = 0, exp = 0, nbf: _, ...extra } = payload
    const json: unknown = extra
    return { iss, sub, aud: [aud].flat(), jti, iat, exp, extra: isJsonObject(json) ? defined(json) : {} }
  }

  /** The public keys as a JSON Web Key Set (RFC 7517, section 5). */
  publicKeys(): { readonly keys: readonly JsonWebKey[] } {
    return {
      keys: this.#keys.map(({ id, publicKey }) => ({
        ...publicKey.export({ format: 'jwk' }),
        kid: id,
        alg: ALGORITHM,
        use: 'sig',
      })),
    }
  }

  #nowSeconds(): number {
    return Number(this.#clock.wallNs() / 1_000_000_000n)
  }
}

/** True for text of the form of a signed token, whatever it is worth. */
export function isSignedToken(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) && text.length > 64
}

const ALGORITHM = 'ES256'
const CLAIMS = ['iss', 'sub', 'aud', 'jti', 'iat', 'exp']

async function keysOf([first, ...others]: readonly [PrivateKeyPem, ...PrivateKeyPem[]]): Promise<
  readonly [Key, ...Key[]]
> {
  return [await keyOf(first), ...(await Promise.all(others.map(keyOf)))]
}

async function keyOf(pem: PrivateKeyPem): Promise<Key> {
  const privateKey = createPrivateKey(pem)
  const publicKey = createPublicKey(privateKey)
  return { id: await calculateJwkThumbprint(publicKey), privateKey, publicKey }
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid
  } catch {
    return undefined
  }
}

function refuse(cause: unknown): never {
  if (cause instanceof errors.JWTExpired) throw identityFault('TokenExpired', 'the token has expired', { cause })
  if (!(cause instanceof errors.JOSEError)) throw cause
  throw identityFault('TokenInvalid', 'the token does not hold', { cause })
}

function defined(object: { readonly [key: string]: Json | undefined }): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
}
