import type { webcrypto } from 'node:crypto'

/** A new key of this machine (P-256), and a request for a certificate for it (PKCS #10), both in PEM. */
export async function newSigningRequest(
  commonName: string,
): Promise<{ readonly requestPem: string; readonly keyPem: string }> {
  // Large, and few commands need it. The library looks for what the first adds to the language as it is loaded.
  await import('reflect-metadata')
  const { Pkcs10CertificateRequestGenerator, PemConverter } = await import('@peculiar/x509')
  const keys: webcrypto.CryptoKeyPair = await crypto.subtle.generateKey(KEYS, true, ['sign', 'verify'])
  const subject = [{ CN: [commonName] }]
  const request = await Pkcs10CertificateRequestGenerator.create({ name: subject, keys, signingAlgorithm: KEYS })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { requestPem: `${request.toString('pem')}\n`, keyPem: `${PemConverter.encode(key, 'PRIVATE KEY')}\n` }
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
