import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineEntropy as entropy } from '#host'
import { Authority } from './authority.ts'
import { readPublicKey } from './public-key.ts'

const now = new Date('2026-05-01T12:00:00Z')
const later = new Date('2026-06-01T12:00:00Z')
const wish = {
  commonName: 'jane',
  organizations: ['family', 'admins'],
  usage: 'client' as const,
  dnsNames: [],
  addresses: [],
  notBefore: now,
  notAfter: later,
  serial: new Uint8Array(16).fill(0xff),
}

test('an authority signs for itself, and what it signs says what was asked', async () => {
  const made = await Authority.make('cairn', entropy.bytes(16), now)
  const authority = await Authority.open(made)
  const own = new X509Certificate(authority.certificatePem)
  assert.ok(own.ca)
  assert.ok(own.verify(own.publicKey))
  assert.equal(own.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  const { certificatePem, keyPem } = await authority.issue(wish)
  const certificate = new X509Certificate(certificatePem)
  assert.ok(certificate.verify(own.publicKey))
  assert.ok(certificate.checkIssued(own))
  assert.equal(certificate.ca, false)
  assert.equal(certificate.subject, 'O=family\nO=admins\nCN=jane')
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  assert.equal(Date.parse(certificate.validTo), later.getTime())
  assert.match(certificate.serialNumber, /^7F/, 'positive')
  assert.match(keyPem, /^-----BEGIN PRIVATE KEY-----\n/)
})

test('a name is signed as it was read, whatever its letters', async () => {
  const authority = await Authority.open(await Authority.make('cairn', entropy.bytes(16), now))
  const hex = `#0c0e${Buffer.from('system:masters').toString('hex')}`
  for (const name of [hex, '"system:masters"', 'a\\,O\\=b', 'a+O=b', 'a,O=b', ' a ', 'ä', '\\']) {
    const request = { ...wish, commonName: name, organizations: [name] }
    const { subject } = new X509Certificate((await authority.issue(request)).certificatePem).toLegacyObject()
    assert.deepEqual({ ...subject }, { O: name, CN: name })
  }
})

test('a server certificate has its names', async () => {
  const authority = await Authority.open(await Authority.make('cairn', entropy.bytes(16), now))
  const names = { dnsNames: ['localhost', 'kubernetes.default.svc'], addresses: ['127.0.0.1', '::1'] }
  const { certificatePem } = await authority.issue({ ...wish, ...names, usage: 'server' })
  const certificate = new X509Certificate(certificatePem)
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  for (const name of names.dnsNames) assert.equal(certificate.checkHost(name), name)
  for (const address of names.addresses) assert.equal(certificate.checkIP(address), address)
  assert.equal(certificate.checkIP('10.0.0.1'), undefined)
})

test("somebody else's key is signed when it is of the right kind", async () => {
  const authority = await Authority.open(await Authority.make('cairn', entropy.bytes(16), now))
  const theirs = new X509Certificate((await authority.issue(wish)).certificatePem).publicKey
  const pem = theirs.export({ type: 'spki', format: 'pem' }).toString()
  const signed = new X509Certificate(await authority.sign(wish, await readPublicKey(pem)))
  assert.ok(signed.publicKey.equals(theirs))
  for (const bad of ['', 'x', pem.replaceAll('A', 'B')]) {
    await assert.rejects(readPublicKey(bad), error => isFault(error, 'SigningRequestInvalid'))
  }
})
