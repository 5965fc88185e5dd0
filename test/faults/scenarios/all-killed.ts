import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { mountsAt, openCloud } from '../../cloud.ts'
import { seededRandom } from '../../posix/stress/random.ts'
import { startWriter } from '../load/run.ts'
import { type Written, verifyWritten } from '../load/verify.ts'

/**
 * Kills supervisor and storage process together under load and starts again on the same data and mount: the dead mount
 * is healed, and every step that was answered is there, at once and after a clean restart.
 */
export async function allKilled({ seed, rounds }: { readonly seed: number; readonly rounds: number }): Promise<void> {
  const random = seededRandom(seed)
  await using cloud = await openCloud()
  const all: Written[] = []
  for (let round = 0; round < rounds; round += 1) {
    await using stack = new AsyncDisposableStack()
    const seeds = [random.below(2 ** 31), random.below(2 ** 31)]
    const writers = seeds.map(each => stack.use(startWriter(`${cloud.mount}/${each}`, each)))
    await Promise.all(writers.map(writer => writer.advance(30)))
    await delay(random.below(200))
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
}
