import { test } from 'node:test'
import { isFound, isRepeated, passes } from '../seeds-in-tests.ts'
import { POOL_CANARIES } from './canaries.ts'
import { describePoolFailure, simulatePool } from './simulation.ts'

const SEEDS = 8

test(`${SEEDS} seeds of machines that crash, lose disks, part, join and leave lose nothing acknowledged`, async () => {
  await passes(SEEDS, seed => simulatePool(seed), describePoolFailure)
})

test('a seed does the same every time', () => isRepeated(() => simulatePool(5)))

for (const canary of POOL_CANARIES) {
  test(`the planted bug ${canary.name} is found within ${canary.seedsMax} seeds`, () =>
    isFound(canary, seed => simulatePool(seed, canary)))
}
