import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeCloudFailure, simulateCloud } from './simulation.ts'

const SEEDS = 6

test(`${SEEDS} clouds that use one filesystem while machines crash and part lose nothing acknowledged`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulateCloud(seed)
    assert.equal(outcome.violation, undefined, describeCloudFailure(outcome))
  }
})

test('a cloud does the same every time', async () => {
  const [first, second] = [await simulateCloud(3), await simulateCloud(3)]
  assert.equal(first.traceHash, second.traceHash)
})
