import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFailure } from './replay.ts'
import { simulate } from './simulation.ts'

const SEEDS = 100
const asked = { operations: 400, plan: undefined, canary: undefined }

test(`${SEEDS} seeds of crashes, power cuts and failing disks lose nothing and hide no damage`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulate({ seed, ...asked })
    assert.equal(outcome.violation, undefined, describeFailure(outcome, asked))
  }
})

test('a seed does the same every time', async () => {
  for (const seed of [3, 7]) {
    const [first, second] = [await simulate({ seed, ...asked }), await simulate({ seed, ...asked })]
    assert.equal(first.traceHash, second.traceHash)
  }
})
