import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineClock } from './clock.ts'

const never = new AbortController().signal

test('a sleep of no time is one round of the event loop, and one of some time is not', async () => {
  const seen: string[] = []
  const note = (what: string) => () => void seen.push(what)
  const sleeps = [machineClock.sleep(0, never).then(note('none')), machineClock.sleep(20, never).then(note('some'))]
  await new Promise<void>(resolve => {
    setImmediate(() => {
      note('round')()
      resolve()
    })
  })
  await Promise.all(sleeps)
  assert.deepEqual(seen, ['none', 'round', 'some'])
})

test('a sleep that is aborted ends with the reason', async () => {
  for (const ms of [0, 10_000]) {
    const scope = new AbortController()
    const sleep = machineClock.sleep(ms, scope.signal)
    scope.abort(new Error('enough'))
    await assert.rejects(sleep, /enough/)
  }
})
