import assert from 'node:assert/strict'
import { test } from 'node:test'
import { POOL_CANARIES } from './canaries.ts'
import { describePoolFailure, simulatePool } from './simulation.ts'

const SEEDS = 8

test(`${SEEDS} seeds of machines that crash, lose disks, part, join and leave lose nothing acknowledged`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulatePool(seed)
    assert.equal(outcome.violation, undefined, describePoolFailure(outcome))
  }
})

test('a seed does the same every time', async () => {
  const [first, second] = [await simulatePool(5), await simulatePool(5)]
  assert.equal(first.traceHash, second.traceHash)
})

for (const canary of POOL_CANARIES) {
  test(`the planted bug ${canary.name} is found within ${canary.seedsMax} seeds`, async () => {
    for (let seed = 1; seed <= canary.seedsMax; seed++) {
      if ((await simulatePool(seed, canary)).violation !== undefined) return
    }
    assert.fail(`${canary.name}: none of ${canary.seedsMax} seeds found it`)
  })
}
