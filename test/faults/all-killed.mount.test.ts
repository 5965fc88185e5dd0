import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { mountsAt, openCloud, whyNoFuse } from '../cloud.ts'
import { startWriter } from './load/run.ts'
import { type Written, verifyWritten } from './load/verify.ts'

const ROUNDS = 3

suite('everything is killed under load', { skip: whyNoFuse(), timeout: 120_000 }, () => {
  test('and the next start heals the mount and has every step that was answered', async () => {
    await using cloud = await openCloud()
    const all: Written[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      await using stack = new AsyncDisposableStack()
      const seeds = [100 + round, 200 + round]
      const writers = seeds.map(seed => stack.use(startWriter(`${cloud.mount}/${seed}`, seed)))
      await Promise.all(writers.map(writer => writer.advance(30)))
      await delay(round * 53)
      await cloud.kill()
      const written = await Promise.all(writers.map(writer => writer.end()))
      await cloud.start()
      assert.equal(mountsAt(cloud.mount), 1, 'the dead mount is gone')
      for (const each of written) verifyWritten(each)
      all.push(...written)
    }
    await cloud.stop()
    await cloud.start()
    for (const each of all) verifyWritten(each)
  })
})
