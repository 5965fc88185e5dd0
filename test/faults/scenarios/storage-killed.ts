import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openCloud } from '../../cloud.ts'
import { seededRandom } from '../../posix/stress/random.ts'
import { startWriter } from '../load/run.ts'
import { verifyWhole } from '../load/verify.ts'

const run = promisify(execFile)
/** A tree that is there anyway: sources of this checkout. */
const TREE = `${import.meta.dirname}/../../../src/keyspace`
const STEPS = 25

/**
 * Kills the storage process again and again while writers write and sync, and trees are copied, moved and removed. No
 * program sees an error, and every byte is there.
 */
export async function storageKilled({ seed, kills }: { readonly seed: number; readonly kills: number }): Promise<void> {
  const random = seededRandom(seed)
  await using cloud = await openCloud()
  const { mount } = cloud
  await using stack = new AsyncDisposableStack()
  const seeds = [random.below(2 ** 31), random.below(2 ** 31)]
  const writers = seeds.map((each, index) => stack.use(startWriter(`${mount}/writer-${index}`, each)))
  const copying = copyAround(mount)
  copying.catch(() => undefined) // whoever waits sees it
  for (let killed = 0; killed < kills; killed += 1) {
    await Promise.all(writers.map(writer => writer.advance(STEPS)))
    await delay(random.below(200))
    await cloud.killStorage()
  }
  await Promise.all([copying, ...writers.map(writer => writer.advance(STEPS))])
  for (const writer of writers) {
    assert.equal(writer.failure, undefined)
    verifyWhole(await writer.end())
  }
  await run('diff', ['-r', '--no-dereference', TREE, `${mount}/kept`])
  assert.deepEqual(readdirSync(mount).sort(), ['kept', 'writer-0', 'writer-1'])
}

/** Copies, moves and removes trees one after another, in programs of their own. */
async function copyAround(mount: string): Promise<void> {
  await run('cp', ['-a', TREE, `${mount}/first`])
  await run('cp', ['-a', `${mount}/first`, `${mount}/second`])
  await run('diff', ['-r', '--no-dereference', TREE, `${mount}/first`])
  await run('mv', [`${mount}/second`, `${mount}/kept`])
  await run('rm', ['-r', `${mount}/first`])
}
