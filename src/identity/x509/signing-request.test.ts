// Before the library: it looks for what this adds to the language as it is loaded.
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { isFault } from '#base'
import { readSigningRequest } from './signing-request.ts'

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

async function requestOf(name: string, algorithm: object = P256): Promise<x509.Pkcs10CertificateRequest> {
  const keys = (await crypto.subtle.generateKey(algorithm as never, true, ['sign', 'verify'])) as never
  const extensions = [
    new x509.SubjectAlternativeNameExtension([
      { type: 'dns', value: 'box.example' },
      { type: 'ip', value: '10.0.0.1' },
    ]),
  ]
  const params = { name, keys, signingAlgorithm: algorithm as never, extensions }
  return x509.Pkcs10CertificateRequestGenerator.create(params)
}

test('reads whom and what a request is for', async () => {
  const { publicKey, ...rest } = await readSigningRequest((await requestOf('O=team, O=other, CN=ada')).toString('pem'))
  const names = { dnsNames: ['box.example'], addresses: ['10.0.0.1'] }
  assert.deepEqual(rest, { commonName: 'ada', organizations: ['team', 'other'], ...names })
  assert.equal(publicKey.type, 'public')
})

test('a request without a common name, with two, with a weak key, changed, or none at all is refused', async () => {
  const weak = { ...RSA, modulusLength: 1024 }
  const good = await requestOf('CN=ada')
  const bytes = new Uint8Array(good.rawData)
  // In the subject: the signature no longer fits.
  const at = Buffer.from(bytes).indexOf('ada')
  bytes[at] = 'e'.charCodeAt(0)
  const changed = x509.PemConverter.encode(bytes.buffer, 'CERTIFICATE REQUEST')
  const bad = [
    (await requestOf('O=team')).toString('pem'),
    (await requestOf('CN=ada, CN=eve')).toString('pem'),
    (await requestOf('CN=ada', weak)).toString('pem'),
    changed,
    '',
    'CN=ada',
    good.toString('pem').slice(0, 200),
    'x'.repeat(20_000),
  ]
  for (const pem of bad) {
    await assert.rejects(readSigningRequest(pem), error => isFault(error, 'SigningRequestInvalid'), pem.slice(0, 60))
  }
})

test('RSA from 2048 bits on is taken', async () => {
  assert.equal((await readSigningRequest((await requestOf('CN=ada', RSA)).toString('pem'))).commonName, 'ada')
})

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
}
