import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { RETRY_MS, RETRY_MS_MAX } from '../limits.ts'
import { SteppedClock, settle, steppedWorld } from '../../../test/clocks/stepped-clock.ts'
import { WorkQueue } from './work-queue.ts'

function openQueue(clock = new SteppedClock()): WorkQueue {
  return new WorkQueue(steppedWorld(clock), () => undefined)
}

suite('a work queue', () => {
  test('loses no key, gives none to two, and none twice for one change', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ do: fc.constant('take' as const) }),
      fc.record({ do: fc.constant('finish' as const), nth: fc.nat(2) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        using queue = openQueue()
        const active: string[] = []
        const changed = new Set<string>()
        const looks = new Map<string, number>()
        const take = (): boolean => {
          const key = queue.take()
          if (key === undefined) return false
          assert.ok(!active.includes(key), 'one worker at a time')
          assert.ok(changed.delete(key), 'nobody looks when nothing changed')
          looks.set(key, (looks.get(key) ?? 0) + 1)
          active.push(key)
          return true
        }
        for (const each of steps) {
          if (each.do === 'add') {
            queue.add(each.key)
            changed.add(each.key)
          } else if (each.do === 'take') take()
          else for (const key of active.splice(each.nth, 1)) queue.done(key, 'good')
        }
        for (const key of active.splice(0)) queue.done(key, 'good')
        while (take()) queue.done(active.pop()!, 'good')
        assert.equal(changed.size, 0, 'each change was looked at after it was made')
      }),
    )
  })

  test('gives keys in the order they came, and one that comes again stands at the end', () => {
    using queue = openQueue()
    for (const key of ['busy', 'a', 'b', 'a']) queue.add(key)
    const seen: (string | undefined)[] = []
    for (let turns = 0; turns < 4; turns += 1) {
      const key = queue.take()!
      seen.push(key)
      if (key === 'busy') queue.add('busy')
      queue.done(key, 'good')
    }
    assert.deepEqual(seen, ['busy', 'a', 'b', 'busy'])
  })

  test('waits twice as long after each failure, up to a maximum, and begins anew after a success', async () => {
    const clock = new SteppedClock()
    using queue = openQueue(clock)
    queue.add('a')
    const waits: number[] = []
    for (let failures = 1; failures <= 14; failures += 1) {
      assert.equal(queue.take(), 'a')
      assert.equal(queue.done('a', 'failed'), failures)
      const fromMs = clock.monotonicMs()
      while (queue.waiting === 0) await clock.advance(RETRY_MS, RETRY_MS)
      waits.push(clock.monotonicMs() - fromMs)
    }
    assert.deepEqual(waits.slice(0, 5), [50, 100, 200, 400, 800])
    assert.equal(waits.at(-1), RETRY_MS_MAX)
    assert.equal(queue.take(), 'a')
    assert.equal(queue.done('a', 'good'), 0)
    queue.add('a')
    queue.take()
    assert.equal(queue.done('a', 'failed'), 1)
  })

  test('adds a key when its time has come, and the earlier of two times', async () => {
    const clock = new SteppedClock()
    using queue = openQueue(clock)
    queue.addAfter('a', 1000)
    queue.addAfter('b', 500)
    queue.addAfter('a', 200)
    queue.addAfter('a', 5000)
    assert.equal(queue.delayed, 2)
    await clock.advance(200)
    assert.deepEqual([queue.take(), queue.take()], ['a', undefined])
    await clock.advance(300)
    assert.deepEqual([queue.take(), queue.take()], ['b', undefined])
    queue.done('a', 'good')
    await clock.advance(10_000)
    assert.equal(queue.take(), undefined)
  })

  test('forgets all when it is closed', async () => {
    const clock = new SteppedClock()
    const queue = openQueue(clock)
    queue.add('a')
    queue.addAfter('b', 10)
    queue[Symbol.dispose]()
    await clock.advance(100)
    queue.add('c')
    assert.equal(queue.take(), undefined)
    await settle()
  })
})

test('a long queue is emptied as fast as a short one', () => {
  using queue = openQueue()
  const count = 200_000
  for (let index = 0; index < count; index += 1) queue.add(`key-${index}`)
  const before = process.cpuUsage().user
  for (let index = 0; index < count; index += 1) {
    assert.equal(queue.take(), `key-${index}`)
    queue.done(`key-${index}`, 'good')
  }
  assert.equal(queue.take(), undefined)
  queue.add('again')
  assert.equal(queue.take(), 'again')
  const tookMs = (process.cpuUsage().user - before) / 1000
  assert.ok(tookMs < 1500, `${tookMs} ms`)
})
