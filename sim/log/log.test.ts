import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOG_CANARIES } from './canaries.ts'
import { describeLogFailure, simulateLog } from './simulation.ts'

const SEEDS = 4

test(`${SEEDS} seeds of homes that end, are parted and follow each other lose nothing acknowledged`, async () => {
  let homes = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulateLog(seed)
    assert.equal(outcome.violation, undefined, describeLogFailure(outcome))
    homes += outcome.homes
    assert.ok(outcome.acknowledged > 50, `seed ${seed}: ${outcome.acknowledged}`)
  }
  assert.ok(homes > 3 * SEEDS, `${homes} homes`)
})

test('a seed does the same every time', async () => {
  const [first, second] = [await simulateLog(SEEDS), await simulateLog(SEEDS)]
  assert.equal(first.traceHash, second.traceHash)
})

for (const canary of LOG_CANARIES) {
  test(`the planted bug "${canary.name}" is found within ${canary.seedsMax} seeds`, async () => {
    for (let seed = 1; seed <= canary.seedsMax; seed++) {
      if ((await simulateLog(seed, canary)).violation !== undefined) return
    }
    assert.fail(`${canary.name}: none of ${canary.seedsMax} seeds found it`)
  })
}
