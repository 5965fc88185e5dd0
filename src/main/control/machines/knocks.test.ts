import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { joinCode, knockCommitment } from '#cluster'
import { machineWorld } from '#host'
import { KNOCK_MS, KNOCKS_MAX, KNOCKS_PER_NETWORK } from '../../limits.ts'
import { Knocks } from './knocks.ts'

const fields = { csrPem: '', level: 1, oldestLevel: 1, wallMs: 0 }
const [name, key, nonce] = ['attic', 'K'.repeat(43), 'N'.repeat(22)]
const shown = { ...fields, name, nonce }
const commitment = knockCommitment({ name, key, nonce })

function open() {
  const time = { ms: 0 }
  const clock = { ...machineWorld.clock, monotonicMs: () => time.ms }
  return { time, knocks: new Knocks({ world: { ...machineWorld, clock }, fingerprint: 'F'.repeat(43) }) }
}

test('a machine is known by the code that both sides compute, once it has shown what it had committed to', () => {
  const { knocks } = open()
  const { answer } = knocks.begin(commitment, '10.0.0.9')
  assert.equal(knocks.begin(commitment, '10.0.0.9').answer, answer, 'the same nonce however often it asks')
  assert.deepEqual(knocks.waiting(), [])
  for (const other of [
    { ...shown, nonce: 'X'.repeat(22) },
    { ...shown, name: 'cellar' },
  ]) {
    assert.throws(
      () => knocks.show(commitment, other, key),
      error => isFault(error, 'NotConfirmed'),
    )
  }
  assert.throws(
    () => knocks.show(commitment, shown, 'L'.repeat(43)),
    error => isFault(error, 'NotConfirmed'),
  )
  const entry = knocks.show(commitment, shown, key)
  const code = joinCode({ name, key, nonce, fingerprint: 'F'.repeat(43), answer })
  assert.deepEqual(knocks.waiting(), [{ name, code, seenFrom: '10.0.0.9', agoMs: 0 }])
  assert.notEqual(code, joinCode({ name, key, nonce, fingerprint: 'E'.repeat(43), answer }))
  const wrong = code === '000000' ? '000001' : '000000'
  assert.throws(
    () => knocks.approve(wrong),
    error => isFault(error, 'NotFound'),
  )
  assert.ok(!entry.isApproved)
  knocks.approve(code)
  assert.ok(entry.isApproved)
  assert.throws(
    () => knocks.approve(code),
    error => isFault(error, 'NotFound'),
    'it waits no more',
  )
})

test('who asks waits for five minutes, and a few at a time', () => {
  const { knocks, time } = open()
  const tooMany = (error: unknown) => isFault(error, 'TooManyRequests')
  for (let i = 0; i < KNOCKS_PER_NETWORK; i++) knocks.begin(`near ${i}`, '10.0.0.9')
  assert.throws(() => knocks.begin('one more', '10.0.0.9'), tooMany)
  for (let i = KNOCKS_PER_NETWORK; i < KNOCKS_MAX; i++) knocks.begin(`far ${i}`, `10.0.1.${i}`)
  assert.throws(() => knocks.begin('one more', '10.0.2.1'), tooMany)
  time.ms = KNOCK_MS
  knocks.begin(commitment, '10.0.0.9')
  assert.throws(
    () => knocks.show('near 0', shown, key),
    error => isFault(error, 'NotConfirmed'),
  )
})

test('two machines with one code are both refused', () => {
  const { knocks } = open()
  knocks.begin(commitment, '10.0.0.9')
  knocks.show(commitment, shown, key)
  const other = { ...shown, name: 'cellar' }
  const second = knockCommitment({ ...other, key })
  knocks.begin(second, '10.0.0.8')
  const [{ code } = { code: '' }] = knocks.waiting()
  Object.assign(knocks.show(second, other, key), { shown: { name: 'cellar', code } })
  assert.throws(
    () => knocks.approve(code),
    error => isFault(error, 'Invalid'),
  )
  assert.deepEqual(knocks.waiting(), [])
})
