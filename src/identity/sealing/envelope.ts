import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Entropy } from '#base'
import { identityFault } from '../faults.ts'

/** Bytes of every key that seals: AES-256. */
export const KEY_BYTES = 32

const CIPHER = 'aes-256-gcm'
// NIST SP 800-38D, section 8.2: 96 bits at random are good for 2^32 messages with one key.
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts with AES-256-GCM: nonce, ciphertext and tag as one. `context` says where the result belongs, and only there it
 * opens again: sealed values cannot change places.
 */
export function sealBytes(key: Uint8Array, plain: Uint8Array, context: string, entropy: Entropy): Uint8Array {
  const nonce = entropy.bytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(context))
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()])
}

/** Decrypts what {@link sealBytes} made with the same key and context. Faults: SealBroken. */
export function openBytes(key: Uint8Array, sealed: Uint8Array, context: string): Uint8Array {
  const end = sealed.byteLength - TAG_BYTES
  if (end < NONCE_BYTES) throw broken(context)
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, end))
  try {
    return Buffer.concat([plain, decipher.final()])
  } catch (cause) {
    throw broken(context, cause)
  }
}

function broken(context: string, cause?: unknown): Error {
  return identityFault(
    'SealBroken',
    `what is sealed for ${context} cannot be opened: it was changed, or is of another`,
    {
      hint: 'Restore it from a backup.',
      cause,
    },
  )
}
