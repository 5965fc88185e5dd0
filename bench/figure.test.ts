import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureOf } from './figure.ts'

test('the figure of rounds is their median, with half of their range as a part of it', () => {
  assert.deepEqual(figureOf([120, 100, 80]), { median: 100, spread: 0.2, rounds: 3 })
  assert.deepEqual(figureOf([3, 1]), { median: 2, spread: 0.5, rounds: 2 })
})

test('one round has no spread, and no round has no figure', () => {
  assert.deepEqual(figureOf([7]), { median: 7, spread: 0, rounds: 1 })
  assert.equal(figureOf([]), undefined)
})
