import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Latency } from './latency.ts'

test('the next machine is asked when 95 of 100 reads would have been over, between 20 ms and a second', () => {
  const latency = new Latency()
  assert.equal(latency.hedgeMs, 50)
  for (let ms = 1; ms <= 100; ms++) latency.note(ms)
  const seen = latency.hedgeMs
  assert.ok(seen >= 90 && seen <= 100, String(seen))
  for (let read = 0; read < 100; read++) latency.note(3)
  assert.equal(latency.hedgeMs, 20)
  for (let read = 0; read < 100; read++) latency.note(5000)
  assert.equal(latency.hedgeMs, 1000)
})
