import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { whyNoFuse } from '../cloud.ts'
import { seededRandom } from '../posix/stress/random.ts'
import { type Outcome, type RotRound, rotRound } from './rot/round.ts'
import { makeSample, type Sample } from './rot/sample.ts'

/** What each test flips, how often it starts a damaged copy, and what may come of it. */
const CASES: Readonly<Record<string, RotRound & { readonly rounds: number }>> = {
  'in the log of a filesystem cost nothing: its index has the same': {
    state: 'clean',
    files: /keyspace\/log\//,
    flips: 3,
    rounds: 2,
    costsNothing: true,
  },
  'in the index of a filesystem cost nothing: it is made anew': {
    state: 'clean',
    files: /keyspace\/index\//,
    flips: 3,
    rounds: 2,
    costsNothing: true,
  },
  'in the index of the chunks cost nothing: it is made anew': {
    state: 'clean',
    files: /chunks\/index\.sqlite/,
    flips: 3,
    rounds: 2,
    costsNothing: true,
  },
  'in chunks are named, and spare all other files': { state: 'clean', files: /segments\//, flips: 4, rounds: 3 },
  'in what a kill left staged are never taken for data': { state: 'killed', files: /\/staging$/, flips: 4, rounds: 2 },
  'in any file after a kill are mended or named': { state: 'killed', files: /^(chunks|fs)\//, flips: 1, rounds: 5 },
}

suite('flipped bits', { skip: whyNoFuse(), timeout: 180_000 }, () => {
  let sample: Sample
  before(async () => {
    sample = await makeSample()
  })
  after(async () => {
    await sample?.[Symbol.asyncDispose]()
  })
  for (const [name, { rounds, ...round }] of Object.entries(CASES)) {
    test(name, async () => {
      const outcomes: Outcome[] = []
      for (let seed = 1; seed <= rounds; seed += 1) {
        outcomes.push(await rotRound(sample, round, seededRandom(seed)))
      }
      if (round.files.source.includes('segments')) assert.ok(outcomes.includes('named'), outcomes.join())
    })
  }
})
