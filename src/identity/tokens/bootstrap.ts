import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto'
import type { Entropy } from '#base'
import { randomWord } from './alphabet.ts'

/** What lets a machine or a person in for the first time. */
export interface BootstrapToken {
  /** 6 letters and digits; names the token, and is no secret. */
  readonly id: string
  /** 16 letters and digits, 82 bits. */
  readonly secret: string
  /** Which authority the bearer shall believe; see {@link authorityFingerprint}. Not there in what `Authorization` holds. */
  readonly fingerprint: string | undefined
}

const FORM = /^(?<id>[a-z0-9]{6})\.(?<secret>[a-z0-9]{16})(?:\.(?<fingerprint>[A-Za-z0-9_-]{43}))?$/

/** A token nobody had before. */
export function newBootstrapToken(entropy: Entropy, fingerprint: string): BootstrapToken {
  return { id: randomWord(entropy, 6), secret: randomWord(entropy, 16), fingerprint }
}

/** Reads `ID.SECRET`, or `ID.SECRET.FINGERPRINT`; undefined when it is neither. */
export function parseBootstrapToken(text: string): BootstrapToken | undefined {
  const { id, secret, fingerprint } = FORM.exec(text)?.groups ?? {}
  return id === undefined || secret === undefined ? undefined : { id, secret, fingerprint }
}

/** The token as people pass it on. */
export function bootstrapTokenText({ id, secret, fingerprint }: BootstrapToken): string {
  return [id, secret, ...(fingerprint === undefined ? [] : [fingerprint])].join('.')
}

/** SHA-256 of an authority's public key (SubjectPublicKeyInfo, RFC 7469 section 2.4), in base64url: 43 characters. */
export function authorityFingerprint(certificatePem: string): string {
  const key = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64url')
}

/** Compares secrets in a time that tells nothing about either. */
export function isSameSecret(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
