import { suite, test } from 'node:test'
import { whyNoFuse } from '../cloud.ts'
import { allKilled } from './scenarios/all-killed.ts'

suite('everything is killed under load', { skip: whyNoFuse(), timeout: 120_000 }, () => {
  test('and the next start heals the mount and has every step that was answered', () =>
    allKilled({ seed: 1, rounds: 3 }))
})
