import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openCloud, whyNoFuse } from '../cloud.ts'
import { startWriter } from './load/run.ts'
import { verifyWhole } from './load/verify.ts'

const run = promisify(execFile)
const KILLS = 4
const SEEDS = [11, 12]
/** A tree that is there anyway: this checkout's own sources. */
const TREE = `${import.meta.dirname}/../../src/keyspace`

suite('the storage process is killed under load', { skip: whyNoFuse(), timeout: 120_000 }, () => {
  test('and no program sees an error, and every byte is there', async () => {
    await using cloud = await openCloud()
    const { mount } = cloud
    await using stack = new AsyncDisposableStack()
    const writers = SEEDS.map(seed => stack.use(startWriter(`${mount}/writer-${seed}`, seed)))
    const copying = copyAround(mount)
    for (let killed = 0; killed < KILLS; killed += 1) {
      await Promise.all(writers.map(writer => writer.advance(25)))
      await delay(killed * 37)
      await cloud.killStorage()
    }
    await Promise.all([copying, ...writers.map(writer => writer.advance(25))])
    for (const writer of writers) {
      assert.equal(writer.failure, undefined)
      verifyWhole(await writer.end())
    }
    await run('diff', ['-r', '--no-dereference', TREE, `${mount}/kept`])
    assert.deepEqual(readdirSync(mount).sort(), ['kept', ...SEEDS.map(seed => `writer-${seed}`)])
  })
})

/** Copies, moves and removes trees one after another, in programs of their own. */
async function copyAround(mount: string): Promise<void> {
  await run('cp', ['-a', TREE, `${mount}/first`])
  await run('cp', ['-a', `${mount}/first`, `${mount}/second`])
  await run('diff', ['-r', '--no-dereference', TREE, `${mount}/first`])
  await run('mv', [`${mount}/second`, `${mount}/kept`])
  await run('rm', ['-r', `${mount}/first`])
}
