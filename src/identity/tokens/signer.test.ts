import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { isSignedToken, TokenSigner } from './signer.ts'

const pem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const order = {
  issuer: 'us',
  subject: 'somebody',
  audiences: ['api', 'other'],
  seconds: 300,
  extra: { some: { more: 1 } },
}

function clockAt(seconds: number) {
  return { ...machineWorld.clock, wallNs: () => BigInt(seconds) * 1_000_000_000n }
}

test('what was signed is read back, for each of its audiences', async () => {
  const signer = await TokenSigner.open(machineWorld, [pem()])
  const { token, claims } = await signer.sign(order)
  assert.ok(isSignedToken(token))
  assert.deepEqual(await signer.verify(token, 'us', ['api']), claims)
  assert.deepEqual(await signer.verify(token, 'us', ['nobody', 'other']), claims)
})

test('a token of another key, issuer or audience, a changed one and no token at all are refused', async () => {
  const signer = await TokenSigner.open(machineWorld, [pem()])
  const stranger = await TokenSigner.open(machineWorld, [pem()])
  const { token } = await signer.sign(order)
  const [head = '', body = '', signature = ''] = token.split('.')
  const forged = Buffer.from(JSON.stringify({ iss: 'us', sub: 'root', aud: ['api'], jti: 'x', iat: 1, exp: 9e9 }))
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  const bad: readonly (readonly [string, string, string])[] = [
    [(await stranger.sign(order)).token, 'us', 'api'],
    [token, 'them', 'api'],
    [token, 'us', 'nobody'],
    [`${head}.${forged.toString('base64url')}.${signature}`, 'us', 'api'],
    [`${none}.${body}.`, 'us', 'api'],
    ['', 'us', 'api'],
    ['a.b.c', 'us', 'api'],
  ]
  for (const [text, issuer, audience] of bad) {
    await assert.rejects(signer.verify(text, issuer, [audience]), error => isFault(error, 'TokenInvalid'), text)
  }
})

test('a token holds as long as it says', async () => {
  const key = pem()
  const at = (seconds: number) => TokenSigner.open({ ...machineWorld, clock: clockAt(seconds) }, [key])
  const { token } = await (await at(1000)).sign(order)
  await (await at(1299)).verify(token, 'us', ['api'])
  await assert.rejects((await at(1300)).verify(token, 'us', ['api']), error => isFault(error, 'TokenExpired'))
})

test('a new key signs, and what the old one signed still holds', async () => {
  const [before, after] = [pem(), pem()]
  const old = await TokenSigner.open(machineWorld, [before])
  const both = await TokenSigner.open(machineWorld, [after, before])
  await both.verify((await old.sign(order)).token, 'us', ['api'])
  await assert.rejects(old.verify((await both.sign(order)).token, 'us', ['api']))
  assert.equal(both.publicKeys().keys.length, 2)
  assert.ok(
    both.publicKeys().keys.every(key => key.d === undefined),
    'no private half',
  )
})
