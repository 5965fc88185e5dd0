import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO } from '../errno.ts'
import { LEAVE_TOGETHER, LEAVING_MAX, LEAVING_MAX_MS, LEFT_AGAIN_MS } from '../limits.ts'
import type { Answer, Ino } from '../vfs.ts'
import { Leaving } from './leaving.ts'

/** A clock that stands still, and wakes who sleeps when it is told to. */
function standingClock() {
  const sleeping: (() => void)[] = []
  const clock = {
    nowMs: 0,
    monotonicMs: () => clock.nowMs,
    wallNs: () => 0n,
    sleep: () => new Promise<void>(resolve => sleeping.push(resolve)),
    wake: () => {
      for (const wake of sleeping.splice(0)) wake()
    },
  }
  return clock
}

const INO = 7 as Ino

test('files leave together a moment later, or at once when there are many or somebody waits for one', async () => {
  const clock = standingClock()
  const leaving = new Leaving(clock)
  const sent: Ino[] = []
  const add = (ino: number) =>
    leaving.add(ino as Ino, async () => {
      sent.push(ino as Ino)
    })
  add(1)
  add(2)
  assert.deepEqual([sent, leaving.has(1 as Ino)], [[], true])
  clock.wake()
  await Promise.resolve()
  assert.deepEqual([sent, leaving.has(1 as Ino)], [[1, 2], false])
  add(3)
  await leaving.of(3 as Ino)
  assert.deepEqual(sent, [1, 2, 3])
  assert.equal(leaving.of(3 as Ino), undefined)
  for (let ino = 10; ino < 10 + LEAVE_TOGETHER; ino += 1) add(ino)
  assert.equal(sent.length, 3 + LEAVE_TOGETHER)
  await leaving.allThere()
  assert.equal(leaving.allThere(), undefined)
})

for (const [how, fail] of [
  ['answers an error', async (): Promise<Answer<void>> => ERRNO.EIO],
  ['throws', () => Promise.reject(new Error('broken'))],
] as const) {
  test(`closes wait for a while when what left ${how}`, async () => {
    const clock = standingClock()
    const leaving = new Leaving(clock)
    leaving.add(INO, fail)
    assert.equal(leaving.isFull, false)
    await leaving.of(INO)
    assert.equal(leaving.isFull, true)
    clock.nowMs += LEFT_AGAIN_MS
    assert.equal(leaving.isFull, false)
  })
}

test('closes wait when too many are on their way, or one takes long', async () => {
  const clock = standingClock()
  const leaving = new Leaving(clock)
  const { promise, resolve } = Promise.withResolvers<void>()
  for (let ino = 1; ino < LEAVING_MAX; ino += 1) leaving.add(ino as Ino, () => promise)
  assert.equal(leaving.isFull, false)
  leaving.add(LEAVING_MAX as Ino, () => promise)
  assert.equal(leaving.isFull, true)
  resolve()
  await leaving.allThere()
  const slow = Promise.withResolvers<void>()
  leaving.add(INO, () => slow.promise)
  const there = leaving.of(INO)
  clock.nowMs += LEAVING_MAX_MS + 1
  assert.equal(leaving.isFull, true)
  slow.resolve()
  await there
  assert.equal(leaving.isFull, false)
})
