import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SteppedClock } from '../../../test/clocks/stepped-clock.ts'
import { Pauses } from './pauses.ts'

const none = new AbortController().signal

test('pauses double up to a quarter of a minute, and begin small again when something has changed', async () => {
  const clock = new SteppedClock()
  const pauses = new Pauses({ clock, entropy: { bytes: count => new Uint8Array(count).fill(128) } })
  const waited = async () => {
    const fromMs = clock.monotonicMs()
    const waiting = pauses.wait(none).then(() => clock.monotonicMs() - fromMs)
    await clock.advance(16_000, 50)
    return waiting
  }
  const all = []
  for (let index = 0; index < 8; index++) all.push(await waited())
  assert.deepEqual(all, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
  pauses.reset()
  assert.equal(await waited(), 250)
})

test('a pause that goes on ends when something has changed', async () => {
  const clock = new SteppedClock()
  const pauses = new Pauses({ clock, entropy: { bytes: count => new Uint8Array(count) } })
  const waiting = pauses.wait(none)
  pauses.reset()
  await waiting
  assert.equal(clock.monotonicMs(), 0)
})
