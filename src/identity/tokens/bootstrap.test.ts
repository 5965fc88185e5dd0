import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineWorld } from '#host'
import type { KubeObject } from '#schema'
import { Attempts } from './attempts.ts'
import { bootstrapTokenText, isSameSecret, newBootstrapToken, parseBootstrapToken } from './bootstrap.ts'
import { bootstrapGrant, bootstrapSecret } from './bootstrap-secret.ts'

const FINGERPRINT = 'A'.repeat(43)

test('a token is read as it is written, with and without the fingerprint', () => {
  const token = newBootstrapToken(machineWorld.entropy, FINGERPRINT)
  assert.deepEqual(parseBootstrapToken(bootstrapTokenText(token)), token)
  assert.deepEqual(parseBootstrapToken(`${token.id}.${token.secret}`), { ...token, fingerprint: undefined })
})

test('what is no token is none', () => {
  const good = 'abc123.0123456789abcdef'
  for (const bad of ['', 'abc123', `${good}g`, good.toUpperCase(), `${good}.short`, ` ${good}`, `${good}\n`]) {
    assert.equal(parseBootstrapToken(bad), undefined, JSON.stringify(bad))
  }
})

test('letters and digits of tokens are spread evenly', () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 2000; i++) {
    for (const letter of newBootstrapToken(machineWorld.entropy, FINGERPRINT).secret) {
      counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
  }
  assert.equal(counts.size, 36)
  for (const [letter, count] of counts) assert.ok(count > 600 && count < 1200, `${letter} ${count}`)
})

test('a Secret grants until it expires, and only groups of bootstrappers', () => {
  const token = newBootstrapToken(machineWorld.entropy, FINGERPRINT)
  const given = {
    expiresMs: 2_000_000,
    groups: ['system:bootstrappers:nodes', 'system:masters'],
    user: 'ada',
    isSingleUse: true,
    description: 'for Ada',
  }
  const made = bootstrapSecret(token, given)
  const metadata = { ...(made['metadata'] as object), uid: 'u', creationTimestamp: '1970-01-01T00:00:00Z' }
  const secret = { ...made, metadata } as KubeObject
  const granted = { ...given, id: token.id, secret: token.secret, groups: ['system:bootstrappers:nodes'] }
  assert.deepEqual(bootstrapGrant(secret, 1_999_999), granted)
  assert.equal(bootstrapGrant(secret, 2_000_000), undefined)
  assert.equal(bootstrapGrant({ ...secret, type: 'Opaque' }, 0), undefined)
  assert.equal(
    bootstrapGrant({ ...secret, metadata: { ...secret.metadata, name: 'bootstrap-token-zzzzzz' } }, 0),
    undefined,
  )
  const expiration = Buffer.from('not a time').toString('base64')
  const data = secret['data'] as Readonly<Record<string, string>>
  assert.equal(bootstrapGrant({ ...secret, data: { ...data, expiration } }, 0), undefined)
})

test('secrets are the same or not, whatever their length', () => {
  assert.ok(isSameSecret('abc', 'abc'))
  assert.ok(!isSameSecret('abc', 'abd'))
  assert.ok(!isSameSecret('abc', 'abcd'))
})

test('who fails too often has to wait', () => {
  let nowMs = 0
  const attempts = new Attempts({ ...machineWorld.clock, monotonicMs: () => nowMs })
  for (let i = 0; i < 10; i++) {
    assert.ok(attempts.mayTry('a'))
    attempts.failed('a')
  }
  assert.ok(!attempts.mayTry('a'))
  assert.ok(attempts.mayTry('b'))
  nowMs = 60_001
  assert.ok(attempts.mayTry('a'))
})
