import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SteppedClock, settle, steppedWorld } from '../../../test/clocks/stepped-clock.ts'
import { Controller, DONE } from './controller.ts'

suite('a controller', () => {
  test('works on a bounded number of keys at once, and ends when they have', async () => {
    let [now, most, looks] = [0, 0, 0]
    const world = steppedWorld(new SteppedClock())
    const controller = new Controller({
      name: 'test',
      world,
      parallel: 3,
      async reconcile() {
        now += 1
        looks += 1
        most = Math.max(most, now)
        await settle()
        now -= 1
        return DONE
      },
    })
    for (let index = 0; index < 20; index += 1) controller.add(`key-${index}`)
    assert.equal(now, 0, 'who adds a key does not wait for what comes of it')
    while (controller.counts.done < 20) await settle()
    assert.deepEqual([most, looks, controller.counts.waiting], [3, 20, 0])
    controller.add('one-more')
    await settle()
    await controller[Symbol.asyncDispose]()
    assert.equal(now, 0)
    controller.add('late')
    await settle()
    assert.equal(looks, 21)
  })

  test('comes back to what failed and to what only time brings, and lets go of it when it is good', async () => {
    const clock = new SteppedClock()
    const warned: unknown[] = []
    const looks: number[] = []
    const controller = new Controller({
      name: 'test',
      world: { ...steppedWorld(clock), log: { info: () => undefined, warn: (_, fields) => warned.push(fields) } },
      async reconcile() {
        looks.push(clock.monotonicMs())
        if (looks.length <= 2) throw new Error('not yet')
        return looks.length === 3 ? { kind: 'again', afterMs: 60_000 } : DONE
      },
    })
    controller.add('a')
    await clock.advance(200, 50)
    assert.equal(looks.length, 3)
    await clock.advance(600_000, 1000)
    assert.equal(looks.length, 4, 'no work when nothing changes')
    assert.ok(looks[3]! - looks[2]! >= 60_000)
    assert.equal(warned.length, 2, 'what is no fault is a bug, and said')
    assert.deepEqual([controller.counts.done, controller.counts.failed], [2, 2])
    await controller[Symbol.asyncDispose]()
  })
})
