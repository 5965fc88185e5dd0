import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFound, isRepeated, passes } from '../seeds-in-tests.ts'
import { CLOUD_CANARIES } from './canaries.ts'
import { describeCloudFailure, simulateCloud } from './simulation.ts'

const SEEDS = 4

test(`${SEEDS} clouds that use one filesystem while machines crash and part lose nothing acknowledged`, async () => {
  const outcomes = await passes(SEEDS, seed => simulateCloud(seed), describeCloudFailure)
  const homes = outcomes.reduce((sum, outcome) => sum + outcome.homes, 0)
  assert.ok(homes > SEEDS, `${homes} homes`)
})

test('a cloud does the same every time', () => isRepeated(() => simulateCloud(2)))

for (const canary of CLOUD_CANARIES) {
  test(`the planted bug ${canary.name} is found`, () => isFound(canary, seed => simulateCloud(seed, canary)))
}
