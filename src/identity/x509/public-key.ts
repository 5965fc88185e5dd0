import { createPublicKey, type webcrypto } from 'node:crypto'
import { identityFault } from '../faults.ts'

/** Reads a public key, P-256, from PEM (SubjectPublicKeyInfo). Faults: SigningRequestInvalid. */
export async function readPublicKey(pem: string): Promise<webcrypto.CryptoKey> {
  try {
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    const kind = { name: 'ECDSA', namedCurve: 'P-256' } as const
    return await crypto.subtle.importKey('spki', new Uint8Array(der), kind, true, ['verify'])
  } catch (cause) {
    throw identityFault('SigningRequestInvalid', 'the public key is none of P-256 in PEM', { cause })
  }
}
