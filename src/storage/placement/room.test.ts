import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roomFor } from './room.ts'

test('room is for whole sets of copies on different machines', () => {
  assert.equal(roomFor(1, [5, 7]), 12)
  assert.equal(roomFor(2, [5, 7]), 5)
  assert.equal(roomFor(2, [100, 100, 1000]), 200)
  assert.equal(roomFor(2, [4, 4, 4]), 6)
  assert.equal(roomFor(3, [10, 10]), 0)
  assert.equal(roomFor(1, []), 0)
})
