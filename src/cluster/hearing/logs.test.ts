import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SteppedClock } from '../../../test/clocks/stepped-clock.ts'
import { HEARD_BYTES_MAX, LACKS_MAX } from '../limits.ts'
import { Hearing } from './hearing.ts'
import { mayHaveLog } from './logs.ts'

const beat = { wallMs: 0, seenFrom: '' }

test('a machine is believed to have a log as long as its start of now is heard and does not say that it lacks it', () => {
  const clock = new SteppedClock()
  const hearing = new Hearing(clock)
  const mayHave = () => ['home', 'photos'].filter(each => mayHaveLog(hearing.row('m', 'Online'), each))
  assert.deepEqual(mayHave(), [], 'it was never heard')
  hearing.beat('m', { ...beat, boot: 'one', lacks: [] })
  assert.deepEqual(mayHave(), ['home', 'photos'])
  hearing.touch('m', clock.monotonicMs())
  hearing.connect('m', 'two')
  assert.deepEqual(mayHave(), [], 'it was started anew, perhaps with a new disk')
  hearing.beat('m', { ...beat, boot: 'two', lacks: ['home'] })
  assert.deepEqual(mayHave(), ['photos'])
  const { changes } = hearing
  hearing.beat('m', { ...beat, boot: 'two', lacks: [] })
  assert.deepEqual([mayHave(), hearing.changes - changes], [['home', 'photos'], 1])
})

test('a machine of a version that does not say what it lacks is believed', () => {
  const hearing = new Hearing(new SteppedClock())
  hearing.connect('m', 'one')
  hearing.beat('m', { ...beat, boot: 'one' })
  assert.equal(mayHaveLog(hearing.row('m', 'Online'), 'home'), true)
  assert.equal(mayHaveLog(undefined, 'home'), false)
})

test('a machine that lacks as much as it may say fits what control is told', () => {
  const hearing = new Hearing(new SteppedClock())
  const lacks = Array.from({ length: LACKS_MAX }, (_, index) => `${index}`.padStart(63, 'x'))
  hearing.beat('m', { ...beat, boot: 'one', lacks })
  assert.ok(JSON.stringify(hearing.row('m', 'Online')).length < HEARD_BYTES_MAX / 2)
})
