import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CopiesStatus } from '#rpc'
import { whyOf } from './take-out.ts'
import { progressText } from './until-drained.ts'

type Machine = CopiesStatus['machines'][number]

const machine: Machine = { name: 'm', chunks: 0, bytes: 0, missingCopies: 0, chunksAlone: 0, isSafeToUnplug: false }

function status(own: Partial<Machine> | undefined, secondsLeft?: number): CopiesStatus {
  const machines = own === undefined ? [] : [{ ...machine, ...own }]
  const counts = {
    missingCopies: 0,
    missingBytes: 0,
    owingGroups: 0,
    damagedChunks: 0,
    lostChunks: 0,
    awayChunks: 0,
    misplacedChunks: 0,
  }
  return { sentence: '', isSafe: false, ...counts, bytesPerSecond: 0, secondsLeft, unknown: [], machines }
}

test('a machine that is drained says how much is left, what is nowhere else yet, and how long it takes', () => {
  assert.equal(progressText('m', status(undefined)), 'm does not answer: it goes on when it is back')
  assert.equal(
    progressText('m', status({ chunks: 812, bytes: 3 * 2 ** 20, chunksAlone: 2 }, 65)),
    'm: 812 chunks (3.0 MiB) to go, about 1 min 5 s; 2 chunks on no other machine yet',
  )
  assert.equal(progressText('m', status({})), 'm is empty, and compares with the others')
})

test('who may not be removed says why', () => {
  assert.equal(whyOf('m', undefined), 'm does not say what it holds')
  assert.equal(whyOf('m', { ...machine, chunksAlone: 1 }), 'm holds 1 chunk that no other machine has')
  assert.equal(whyOf('m', { ...machine, missingCopies: 3 }), 'other machines lack 3 chunks of those that m holds')
  assert.match(whyOf('m', machine), /^it is not known yet/)
})
