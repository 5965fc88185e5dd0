import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Leadership } from './leadership.ts'

test('a machine leads as long as its control process confirms it, and knows when a leading one answered last', () => {
  let nowMs = 1_000
  let asleepMs = 0
  const wallNs = () => BigInt(nowMs + asleepMs) * 1_000_000n
  const leadership = new Leadership({ monotonicMs: () => nowMs, wallNs })
  assert.deepEqual([leadership.isOwn, leadership.agoMs], [false, undefined])
  leadership.heard(900)
  leadership.heard(800) // an answer that came late
  assert.equal(leadership.agoMs, 100)
  leadership.own(2_000)
  nowMs += 1_999
  assert.deepEqual([leadership.isOwn, leadership.agoMs], [true, 1_999])
  nowMs += 1
  assert.equal(leadership.isOwn, false)
  asleepMs += 60_000
  assert.equal(leadership.agoMs, 62_000, 'a machine that slept')
  asleepMs -= 120_000
  assert.equal(leadership.agoMs, 2_000, 'a clock that was set back')
  leadership.own(-5)
  assert.equal(leadership.agoMs, 2_000, 'said too long ago')
})
