import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { TlsCredential } from './credential.ts'

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000

/** An authority for tests, which gives machines what they show each other. */
export async function testAuthority(): Promise<(name: string) => Promise<TlsCredential>> {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify'])
  const times = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) }
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...times,
    name: 'CN=test',
    signingAlgorithm: SIGNING,
    keys: keys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return async name => {
    const own = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.create({
      ...times,
      subject: `CN=${name}, O=machines`,
      issuer: authority.subject,
      signingAlgorithm: SIGNING,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
      ],
    })
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64')
    return {
      certificatePem: certificate.toString('pem'),
      keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
      authorityPem: authority.toString('pem'),
    }
  }
}
