import { createPrivateKey, createPublicKey, type webcrypto } from 'node:crypto'
import { newKeyPair, type PrivateKeyPem } from './authority.ts'
import { x509 } from './library.ts'

/** A request for a certificate (PKCS #10) for a name, by who has the key; both in PEM. */
export async function newRequest(commonName: string, keyPem: PrivateKeyPem): Promise<string> {
  const { Name, Pkcs10CertificateRequestGenerator } = await x509()
  const keys = await keyPair(keyPem)
  // As an object: of plain text the library takes some characters for something else.
  const name = new Name([{ CN: [{ utf8String: commonName }] }])
  const request = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: KEYS })
  return `${request.toString('pem')}\n`
}

/** A new key, P-256, in PEM. */
export async function newKey(): Promise<PrivateKeyPem> {
  return (await newKeyPair()).keyPem
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

async function keyPair(keyPem: PrivateKeyPem): Promise<webcrypto.CryptoKeyPair> {
  const key = createPrivateKey(keyPem)
  const [pkcs8, spki] = [
    key.export({ type: 'pkcs8', format: 'der' }),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
  ]
  return {
    privateKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), KEYS, false, ['sign']),
    publicKey: await crypto.subtle.importKey('spki', new Uint8Array(spki), KEYS, true, ['verify']),
  }
}
