import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMessage, encodeNamed } from './encode.ts'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test('a schema is written as its message', () => {
  const schema = { $ref: 'a', required: ['b', 'c'], type: 'object', maxLength: 300, maximum: 1.5 }
  assert.equal(
    hex(encodeMessage('Schema', schema)),
    '0a01619a0101629a010163b201080a066f626a65637458ac0239000000000000f83f',
  )
})

test('what may hold anything, and words of others, are written as YAML', () => {
  const bytes = encodeMessage('Schema', { default: { a: 1 }, 'x-kubernetes-list-type': 'map' })
  assert.equal(Buffer.from(bytes).includes('{"a":1}'), true)
  assert.equal(Buffer.from(bytes).includes('x-kubernetes-list-type'), true)
  assert.equal(hex(encodeMessage('Schema', { default: null })), '2a0612046e756c6c')
})

test('words that a message does not have, and numbers it has no room for, are left out', () => {
  assert.equal(hex(encodeMessage('Schema', { oneOf: [], maxLength: 1e300, __proto__: null, constructor: 'x' })), '')
})

test('an entry has its name before its value', () => {
  assert.equal(hex(encodeNamed(1, 'a', ['Schema', { format: 'b' }])), '0a080a0161120312' + '0162')
})
