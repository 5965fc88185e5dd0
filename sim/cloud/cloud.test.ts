import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOUD_CANARIES } from './canaries.ts'
import { describeCloudFailure, simulateCloud } from './simulation.ts'

const SEEDS = 5

test(`${SEEDS} clouds that use one filesystem while machines crash and part lose nothing acknowledged`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulateCloud(seed)
    assert.equal(outcome.violation, undefined, describeCloudFailure(outcome))
  }
})

test('a cloud does the same every time', async () => {
  const [first, second] = [await simulateCloud(2), await simulateCloud(2)]
  assert.equal(first.traceHash, second.traceHash)
})

for (const canary of CLOUD_CANARIES) {
  test(`the planted bug ${canary.name} is found`, async () => {
    const seeds = [canary.first, ...Array.from({ length: canary.seedsMax }, (_, index) => index + 1)]
    for (const seed of seeds) if ((await simulateCloud(seed, canary)).violation !== undefined) return
    assert.fail(`${canary.name}: none of ${canary.seedsMax} seeds found it`)
  })
}
