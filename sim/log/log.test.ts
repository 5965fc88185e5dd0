import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFound, isRepeated, passes } from '../seeds-in-tests.ts'
import { LOG_CANARIES } from './canaries.ts'
import { describeLogFailure, simulateLog } from './simulation.ts'

const SEEDS = 4

test(`${SEEDS} seeds of homes that end, are parted and follow each other lose nothing acknowledged`, async () => {
  const outcomes = await passes(SEEDS, seed => simulateLog(seed), describeLogFailure)
  for (const { seed, acknowledged } of outcomes) assert.ok(acknowledged > 50, `seed ${seed}: ${acknowledged}`)
  const homes = outcomes.reduce((sum, outcome) => sum + outcome.homes, 0)
  assert.ok(homes > 3 * SEEDS, `${homes} homes`)
})

test('a seed does the same every time', () => isRepeated(() => simulateLog(SEEDS)))

for (const canary of LOG_CANARIES) {
  test(`the planted bug "${canary.name}" is found within ${canary.seedsMax} seeds`, () =>
    isFound(canary, seed => simulateLog(seed, canary)))
}
