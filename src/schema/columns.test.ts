import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageOf, humanDuration } from './columns.ts'

test('ages are told as kubectl tells them', () => {
  const minute = 60
  const hour = 60 * minute
  const day = 24 * hour
  const told = [0, 119, 120, 125, 599, 600, 3 * hour - 1, 3 * hour, 3 * hour + minute, 8 * hour, 2 * day - 1]
  assert.deepEqual(told.map(humanDuration), [
    '0s',
    '119s',
    '2m',
    '2m5s',
    '9m59s',
    '10m',
    '179m',
    '3h',
    '3h1m',
    '8h',
    '47h',
  ])
  const long = [2 * day, 2 * day + hour, 8 * day, 729 * day, 730 * day, 731 * day, 8 * 365 * day]
  assert.deepEqual(long.map(humanDuration), ['2d', '2d1h', '8d', '729d', '2y', '2y1d', '8y'])
})

test('a time that is not there or lies ahead has no age', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  assert.equal(ageOf(undefined, now), '<unknown>')
  assert.equal(ageOf('2026-01-01T00:01:00Z', now), '<invalid>')
  assert.equal(ageOf('2025-12-31T23:59:00Z', now), '60s')
})
