import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { newBootstrapToken } from './bootstrap.ts'
import { bootstrapGrant, bootstrapSecret, machineGroup, machineRole } from './bootstrap-secret.ts'
import { joinTokenText, readJoinToken } from './join-token.ts'

const FINGERPRINT = 'A'.repeat(43)
const ADDRESSES = ['10.0.42.1:7443', '[2001:db8::1]:7443', '[::1]:1', '[1:2:3:4:5:6:7:8]:65535', 'first.example:443']

function tokenWith(addresses: readonly string[]) {
  return {
    ...newBootstrapToken(machineWorld.entropy, FINGERPRINT),
    fingerprint: FINGERPRINT,
    role: 'node',
    addresses,
  } as const
}

test('a token that lets a machine in is read as it is written', () => {
  const token = tokenWith(ADDRESSES)
  assert.deepEqual(readJoinToken(joinTokenText(token)), token)
  assert.deepEqual(readJoinToken(joinTokenText({ ...token, role: 'controller' })).role, 'controller')
  assert.deepEqual(readJoinToken(joinTokenText(tokenWith([]))).addresses, [])
})

test('two addresses of a home make a token of about a hundred characters', () => {
  assert.ok(joinTokenText(tokenWith(['192.168.1.20:7443', '10.0.42.1:7443'])).length <= 110)
})

test('a token with one wrong character is refused, and says so', () => {
  const text = joinTokenText(tokenWith(ADDRESSES))
  for (let at = 0; at < text.length; at++) {
    const wrong = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`
    assert.throws(
      () => readJoinToken(wrong),
      error => isFault(error, 'TokenInvalid'),
      `${at}`,
    )
  }
})

test('a token of a person and half a token are refused by what they are', () => {
  const text = joinTokenText(tokenWith(ADDRESSES))
  assert.throws(() => readJoinToken(text.split('.').slice(0, 3).join('.')), /for people, not for machines/)
  for (const half of ['', text.slice(0, 30), ` ${text}`, `${text}\n`])
    assert.throws(() => readJoinToken(half), /not whole/)
})

test('whatever text is read, it is a token or a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      const text = `abc123.0123456789abcdef.${FINGERPRINT}.${Buffer.from(bytes).toString('base64url')}`
      try {
        readJoinToken(text)
      } catch (error) {
        assert.ok(isFault(error, 'TokenInvalid'))
      }
    }),
  )
})

test('what is no address of a machine gets into no token', () => {
  for (const wrong of [
    '10.0.0.1',
    'host:0',
    'host:65536',
    '[10.0.0.1]:1',
    '[zz::]:1',
    'a b:1',
    'a/b:1',
    '2001:db8::1:7443',
  ]) {
    assert.throws(() => joinTokenText(tokenWith([wrong])), /no address of a machine/, wrong)
  }
})

test('a Secret says what a machine becomes, and for which it is', () => {
  const token = newBootstrapToken(machineWorld.entropy, FINGERPRINT)
  const groups = [machineGroup('node')]
  const given = { expiresMs: 2_000, groups, user: undefined, node: 'ada', isSingleUse: true, description: '' }
  const secret = JSON.parse(JSON.stringify(bootstrapSecret(token, given)))
  const grant = bootstrapGrant(secret, 1_000)
  assert.deepEqual([machineRole(grant?.groups ?? []), grant?.node], ['node', 'ada'])
  assert.equal(machineRole(['system:bootstrappers:other']), undefined)
  assert.equal(machineRole([machineGroup('controller')]), 'controller')
})
