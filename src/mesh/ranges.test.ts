import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addressesAt,
  addressOfNumber,
  directAddressOf,
  isIn,
  machineNumberOf,
  numberOfAddress,
  overlaps,
  rangeOf,
} from './ranges.ts'

const ranges = { range: '10.44.0.0/16', prefix: 'fd00:1:2::/48' }
const range = rangeOf(ranges.range) ?? { base: 0, count: 0 }

test('a range is one that machines fit in twice', () => {
  assert.deepEqual(range, { base: 0x0a_2c_00_00, count: 65_536 })
  for (const bad of [
    '',
    '10.44.0.0',
    '10.44.0.0/7',
    '10.44.0.0/22',
    '10.44.1.0/16',
    '256.0.0.0/8',
    '10.44.0.0/16 ',
    'fd00::/48',
  ]) {
    assert.equal(rangeOf(bad), undefined, bad)
  }
})

test('machines are in the lower half, and their direct addresses in the upper one', () => {
  assert.deepEqual(addressesAt(ranges, 1), ['10.44.0.1', 'fd00:1:2::1'])
  assert.deepEqual(addressesAt(ranges, 1000), ['10.44.3.232', 'fd00:1:2::3e8'])
  assert.equal(addressesAt(ranges, 0), undefined)
  assert.equal(addressesAt(ranges, 32_768), undefined)
  assert.equal(directAddressOf(range, '10.44.3.232'), '10.44.131.232')
  assert.equal(directAddressOf(range, '10.44.131.232'), undefined)
  assert.equal(machineNumberOf(range, '10.45.0.1'), undefined)
})

test('numbers and addresses are the same thing', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), number => {
      assert.equal(numberOfAddress(addressOfNumber(number)), number)
    }),
  )
})

test('ranges overlap when they have an address in common', () => {
  const other = (text: string) => rangeOf(text) ?? { base: 0, count: 0 }
  assert.equal(overlaps(range, other('10.0.0.0/8')), true)
  assert.equal(overlaps(range, other('10.44.128.0/17')), true)
  assert.equal(overlaps(range, other('10.45.0.0/16')), false)
  assert.equal(isIn(range, '10.44.255.255'), true)
  assert.equal(isIn(range, 'fd00::1'), false)
})
