import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lanes } from './lanes.ts'

test('no more tasks run at a time than there are lanes, and all of them run', async () => {
  const lanes = new Lanes(3)
  let running = 0
  let most = 0
  let done = 0
  for (let i = 0; i < 20; i++) {
    await lanes.add(async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
      done += 1
    })
  }
  await lanes.finish()
  assert.deepEqual([most, done], [3, 20])
})

test('the first failure is thrown by finish, after the other tasks have ended', async () => {
  const lanes = new Lanes(2)
  let ended = false
  const failing = lanes.add(() => Promise.reject(new Error('first')))
  const other = lanes.add(async () => {
    await new Promise(setImmediate)
    ended = true
  })
  await Promise.all([failing, other])
  await assert.rejects(lanes.finish(), /first/)
  assert.equal(ended, true)
})

test('a failure keeps later tasks from starting', async () => {
  const lanes = new Lanes(1)
  await lanes.add(() => Promise.reject(new Error('broken')))
  let started = false
  await assert.rejects(
    lanes.add(async () => {
      started = true
    }),
    /broken/,
  )
  assert.equal(started, false)
})
