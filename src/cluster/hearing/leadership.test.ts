import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Leadership } from './leadership.ts'

test('a machine leads as long as its control process confirms it, and knows when a leading one answered last', () => {
  let nowMs = 1_000
  const leadership = new Leadership({ monotonicMs: () => nowMs })
  assert.deepEqual([leadership.isOwn, leadership.agoMs], [false, undefined])
  leadership.heard(900)
  leadership.heard(800) // an answer that came late
  assert.equal(leadership.agoMs, 100)
  leadership.own(2_000)
  nowMs += 1_999
  assert.deepEqual([leadership.isOwn, leadership.agoMs], [true, 1_999])
  nowMs += 1
  assert.equal(leadership.isOwn, false)
})
