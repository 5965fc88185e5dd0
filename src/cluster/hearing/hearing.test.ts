import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OFFLINE_MS, SUSPECT_MS } from '../limits.ts'
import { SteppedClock } from '../../../test/clocks/stepped-clock.ts'
import { Hearing } from './hearing.ts'

test('machines get the whole time anew after a start, but those that the process before did not hear', async () => {
  const clock = new SteppedClock()
  const hearing = new Hearing(clock, ['off'])
  const states = () => ['off', 'on'].map(name => hearing.state(name, 'Online'))
  assert.deepEqual(states(), ['Suspect', 'Online'])
  await clock.advance(OFFLINE_MS - SUSPECT_MS)
  assert.deepEqual(states(), ['Offline', 'Suspect'])
  hearing.touch('off', clock.monotonicMs())
  assert.deepEqual(states(), ['Online', 'Suspect'])
})
