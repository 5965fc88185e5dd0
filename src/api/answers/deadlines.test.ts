import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '#base'
import { StillClock } from '../testing/still-clock.ts'
import { Deadlines } from './deadlines.ts'

const never = new AbortController().signal

// How many wait by this clock.
function counting(clock: Clock): { readonly clock: Clock; readonly waiting: () => number } {
  let waiting = 0
  const sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    waiting += 1
    return clock.sleep(ms, signal).finally(() => (waiting -= 1))
  }
  return {
    clock: { wallNs: () => clock.wallNs(), monotonicMs: () => clock.monotonicMs(), sleep },
    waiting: () => waiting,
  }
}

test('each deadline ends in its own time, by one timer, which ends with the last of them', async () => {
  const still = new StillClock()
  const { clock, waiting } = counting(still)
  const deadlines = new Deadlines(clock, 100)
  const first = deadlines.open(never)
  await still.move(40)
  const forgotten = deadlines.open(never)
  const second = deadlines.open(never)
  forgotten[Symbol.dispose]()
  assert.equal(waiting(), 1)
  await still.move(60)
  assert.deepEqual([first.signal.aborted, second.signal.aborted, waiting()], [true, false, 1])
  assert.equal((first.signal.reason as Error).name, 'TimeoutError')
  await still.move(39)
  assert.equal(second.signal.aborted, false)
  await still.move(1)
  assert.deepEqual([second.signal.aborted, forgotten.signal.aborted, waiting()], [true, false, 0])
  const last = deadlines.open(never)
  last[Symbol.dispose]()
  await still.move(0)
  assert.deepEqual([last.signal.aborted, waiting()], [false, 0])
})

test('a deadline ends with what it follows, until it is disposed', () => {
  const deadlines = new Deadlines(new StillClock(), 100)
  const asked = new AbortController()
  const [followed, left] = [deadlines.open(asked.signal), deadlines.open(asked.signal)]
  left[Symbol.dispose]()
  asked.abort(new Error('gone'))
  assert.equal((followed.signal.reason as Error).message, 'gone')
  assert.equal(left.signal.aborted, false)
  assert.equal(deadlines.open(asked.signal).signal.aborted, true)
})
