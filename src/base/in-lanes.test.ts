import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { inLanes } from './in-lanes.ts'

test('does many things a few at a time, and tells the first failure when all have ended', async () => {
  const done: number[] = []
  let [running, most] = [0, 0]
  const work = async (item: number): Promise<void> => {
    most = Math.max(most, ++running)
    await setImmediate()
    running--
    if (item === 1) throw new Error('one')
    done.push(item)
  }
  await assert.rejects(inLanes([0, 1, 2, 3, 4], 2, work), /one/)
  assert.deepEqual(done, [0, 2, 3, 4])
  assert.equal(most, 2)
  await inLanes([], 2, work)
})
