import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CANARIES } from './canaries.ts'
import { simulate } from './simulation.ts'

for (const canary of CANARIES) {
  test(`the planted bug ${canary.name} is found within ${canary.seedsMax} seeds`, async () => {
    for (let seed = 1; seed <= canary.seedsMax; seed++) {
      const { violation } = await simulate({ seed, operations: 400, canary })
      if (violation !== undefined) return
    }
    assert.fail(`${canary.name}: none of ${canary.seedsMax} seeds found it`)
  })
}
