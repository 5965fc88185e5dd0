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

test('a leading controller that has a newer map counts once that is here', () => {
  let nowMs = 10_000
  const leadership = new Leadership({ monotonicMs: () => nowMs, wallNs: () => BigInt(nowMs) * 1_000_000n })
  leadership.answered(1_000, { mapVersion: 7, here: 7 })
  leadership.answered(9_000, { mapVersion: 9, here: 7 })
  assert.equal(leadership.agoMs, 9_000, 'it may have named another home')
  leadership.answered(9_500, { mapVersion: 10, here: 7 })
  leadership.mapIs(8)
  assert.equal(leadership.agoMs, 9_000)
  nowMs += 100
  leadership.mapIs(9)
  assert.equal(leadership.agoMs, 1_100)
  leadership.answered(10_000, { mapVersion: 9, here: 9 })
  assert.equal(leadership.agoMs, 100)
})
