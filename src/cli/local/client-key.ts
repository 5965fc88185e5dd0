import { generateKeyPairSync } from 'node:crypto'

/** A new key of this machine, P-256, in PEM: only the public half goes anywhere. */
export function newClientKey(): { readonly publicKeyPem: string; readonly keyPem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
