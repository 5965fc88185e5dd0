import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChunkTable } from './chunk-table.ts'
import { GroupSync } from './group-sync.ts'
import { memoryIndex } from './memory-index.ts'

test('syncs run one at a time, also when one is asked for in the moment another ends', async () => {
  let running = 0
  let runs = 0
  const log = {
    lowWater: () => ({ segment: 1, offset: 0 }),
    sync: async () => {
      assert.equal(running++, 0, 'another sync runs')
      for (let i = 0; i < 5; i++) await Promise.resolve()
      running -= 1
      runs += 1
    },
  }
  const table = new ChunkTable(memoryIndex())
  const syncs = new GroupSync({ log, table, space: undefined, clock: undefined } as never)
  const first = syncs.sync()
  const again = first.then(() => syncs.sync())
  await Promise.all([first, syncs.sync(), again])
  assert.equal(runs, 2, 'the one that was due serves the late caller too')
})
