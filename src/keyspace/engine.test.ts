import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEngine } from './engine.ts'
import { MemoryIndex } from './memory-index.ts'
import { MemoryLog } from './memory-log.ts'
import { put, quietWorld } from './test/support.ts'

test('upkeep that takes long is not begun a second time beside itself', async () => {
  const log = new MemoryLog()
  let running = 0
  let most = 0
  const runs = Promise.withResolvers<void>()
  const maintain = async (signal: AbortSignal): Promise<void> => {
    running += 1
    most = Math.max(most, running)
    await quietWorld.clock.sleep(30, signal)
    running -= 1
    if (log.last > 20) runs.resolve()
  }
  await using keyspace = openEngine({
    world: quietWorld,
    log,
    index: new MemoryIndex(false),
    history: { ms: 0, revisions: 0 },
    syncEveryMs: 1,
    beforeSync: () => Promise.resolve(),
    maintain,
    logNeeded: () => log.last,
    indexDamaged: () => undefined,
    failed: () => undefined,
    closed: () => Promise.resolve(),
  })
  for (let i = 0; i < 30; i++) {
    keyspace.commit({ then: [put('a', `${i}`)] })
    await quietWorld.clock.sleep(3, new AbortController().signal)
  }
  await runs.promise
  assert.equal(most, 1)
})
