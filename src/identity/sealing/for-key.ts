import { createECDH, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto'
import type { Entropy } from '#base'
import { identityFault } from '../faults.ts'
import { KEY_BYTES, openBytes, sealBytes } from './envelope.ts'

/**
 * Seals for whoever has the private half of a key, P-256 in PEM: ECDH with a key made for this once, HKDF-SHA-256, AES-256-GCM.
 * `context` says what it is, and only as that it opens again. Text: `sealed-for-key:v1:POINT:DATA`, both in base64.
 */
export function sealForKey(
  { publicKeyPem, context }: { readonly publicKeyPem: string; readonly context: string },
  plain: Uint8Array,
  entropy: Entropy,
): string {
  const theirs = pointOf(createPublicKey(publicKeyPem).export({ format: 'jwk' }), context)
  const once = createECDH(CURVE)
  once.setPrivateKey(entropy.bytes(KEY_BYTES)) // out of range once in 2^32 times, which throws
  const ours = once.getPublicKey()
  const key = keyOf({ shared: once.computeSecret(theirs), ours, theirs })
  const sealed = Buffer.from(sealBytes(key, plain, context, entropy))
  return `${PREFIX}${ours.toString('base64')}:${sealed.toString('base64')}`
}

/** Opens what {@link sealForKey} made for the public half of this key. Faults: SealBroken. */
export function openWithKey(
  { keyPem, context }: { readonly keyPem: string; readonly context: string },
  sealed: string,
): Uint8Array {
  const [, point = '', data = ''] = FORM.exec(sealed) ?? []
  if (point === '') throw broken(context)
  const jwk = createPrivateKey(keyPem).export({ format: 'jwk' })
  const own = createECDH(CURVE)
  own.setPrivateKey(Buffer.from(jwk.d ?? '', 'base64url'))
  const ours = Buffer.from(point, 'base64')
  const key = keyOf({ shared: sharedOf(own, ours, context), ours, theirs: pointOf(jwk, context) })
  return openBytes(key, Buffer.from(data, 'base64'), context)
}

const CURVE = 'prime256v1'
const PREFIX = 'sealed-for-key:v1:'
const FORM = /^sealed-for-key:v1:([A-Za-z0-9+/]{87}=):([A-Za-z0-9+/]{1,4096}={0,2})$/

// A point of somebody else may be on no curve.
function sharedOf(own: ReturnType<typeof createECDH>, point: Buffer, context: string): Buffer {
  try {
    return own.computeSecret(point)
  } catch (error) {
    throw broken(context, error)
  }
}

interface PublicJwk {
  readonly crv?: string
  readonly x?: string
  readonly y?: string
}

// SEC 1, section 2.3.3, uncompressed: as ECDH takes it.
function pointOf({ crv, x = '', y = '' }: PublicJwk, context: string): Buffer {
  if (crv !== 'P-256') throw broken(context)
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
}

// RFC 5869; both points are bound in, as in RFC 9180's DHKEM.
function keyOf({ shared, ours, theirs }: { readonly shared: Buffer; readonly ours: Buffer; readonly theirs: Buffer }) {
  return new Uint8Array(hkdfSync('sha256', shared, Buffer.concat([ours, theirs]), 'cairn seal for key v1', KEY_BYTES))
}

function broken(context: string, cause?: unknown): Error {
  return identityFault('SealBroken', `what is sealed as ${context} cannot be opened with this key`, {
    hint: 'Ask for it again.',
    cause,
  })
}
