import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalQuantity, compareQuantities, quantityOf } from './quantity.ts'

test('amounts are written back as Kubernetes writes them', () => {
  const written = [
    '1000m',
    '0.5',
    1,
    0.1,
    '1024Mi',
    '1.5Gi',
    '0.5Ki',
    '1000',
    '12e3',
    '100n',
    '0',
    '-1500m',
    '1E',
    '1e3',
  ]
  assert.deepEqual(written.map(canonicalQuantity), [
    '1',
    '500m',
    '1',
    '100m',
    '1Gi',
    '1536Mi',
    '512',
    '1k',
    '12e3',
    '100n',
    '0',
    '-1500m',
    '1E',
    '1e3',
  ])
})

test('what is finer than billionths is rounded away from zero', () => {
  assert.equal(canonicalQuantity('0.1n'), '1n')
})

test('amounts are compared whatever their suffix', () => {
  const [one, thousand, kibi] = ['1', '1000m', '1Ki'].map(quantityOf)
  assert.ok(one && thousand && kibi)
  assert.equal(compareQuantities(one, thousand), 0)
  assert.equal(compareQuantities(one, kibi), -1)
  assert.equal(compareQuantities(kibi, one), 1)
})

test('what is no amount is none', () => {
  for (const text of ['', '.', 'many', '1 Gi', '1ki', '1e9999', '--1', 'Gi', null]) {
    assert.equal(quantityOf(text), undefined, String(text))
  }
})
