import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, isFault } from '#base'
import { CLAIM_WAIT_MS } from '../limits.ts'
import { Claims } from './claims.ts'

const never = new AbortController().signal

/** Time that passes only while somebody sleeps, and at once. */
function fastClock(): Clock {
  let nowMs = 0
  return {
    wallNs: () => 0n,
    monotonicMs: () => nowMs,
    sleep: async ms => {
      await new Promise(setImmediate)
      nowMs += ms
    },
  }
}

/** Time that stands still. */
function stillClock(): Clock {
  return {
    wallNs: () => 0n,
    monotonicMs: () => 0,
    sleep: (_ms, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  }
}

test('who has a claim is waited for, and keys do not meet', async () => {
  const claims = new Claims(stillClock())
  const first = await claims.take('a', 'a is taken', never)
  using _other = await claims.take('b', 'b is taken', never)
  const waiting = claims.take('a', 'a is taken', never)
  const third = claims.take('a', 'a is taken', never)
  first[Symbol.dispose]()
  const second = await waiting
  second[Symbol.dispose]()
  using _last = await third
})

test('who has a claim for long is told by name', async () => {
  const clock = fastClock()
  const claims = new Claims(clock)
  using _first = await claims.take('a', 'a is taken', never)
  await assert.rejects(claims.take('a', 'a is taken', never), error => {
    assert.ok(isFault(error, 'Busy'))
    assert.deepEqual([error.message, error.hint?.startsWith('Wait')], ['a is taken', true])
    return true
  })
  assert.ok(clock.monotonicMs() >= CLAIM_WAIT_MS)
})

test('who waits for a claim may be interrupted, and leaves nothing held', async () => {
  const claims = new Claims(stillClock())
  const first = await claims.take('a', 'a is taken', never)
  const scope = new AbortController()
  const waiting = claims.take('a', 'a is taken', scope.signal)
  scope.abort(new Error('interrupted'))
  await assert.rejects(waiting, /interrupted/)
  first[Symbol.dispose]()
  using _next = await claims.take('a', 'a is taken', never)
})
