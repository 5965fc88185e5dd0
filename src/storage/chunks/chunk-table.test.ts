import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChunkTable } from './chunk-table.ts'
import { memoryIndex } from './memory-index.ts'
import { hashOf } from './record.ts'

const row = { segment: 1, offset: 64, plainBytes: 9, storedBytes: 9, codec: 'raw', state: 'held' } as const
const name = (text: string) => hashOf(Buffer.from(text))

test('a row reaches the index only after the sync that covers it', () => {
  const index = memoryIndex()
  const table = new ChunkTable(index)
  table.set(name('before'), row)
  const epoch = table.beginSync()
  table.set(name('during'), { ...row, offset: 192 })
  while (table.flushStep());
  assert.equal(index.get(name('before')), undefined)
  table.endSync(epoch, { segment: 1, offset: 192 })
  while (table.flushStep());
  assert.deepEqual(index.get(name('before')), row)
  assert.equal(index.get(name('during')), undefined)
  assert.deepEqual(table.position, { segment: 1, offset: 192 })
  assert.equal(table.pendingRows, 1)
})

test('the position waits for a row that changed again before it was durable', () => {
  const index = memoryIndex()
  const table = new ChunkTable(index)
  table.set(name('one'), row)
  const epoch = table.beginSync()
  table.set(name('one'), { ...row, state: 'condemned' })
  table.endSync(epoch, { segment: 1, offset: 192 })
  while (table.flushStep());
  assert.deepEqual(table.position, { segment: 0, offset: 0 })
  table.endSync(table.beginSync(), { segment: 1, offset: 320 })
  while (table.flushStep());
  assert.equal(index.get(name('one'))?.state, 'condemned')
  assert.deepEqual(table.position, { segment: 1, offset: 320 })
})

test('pages show rows in memory and in the index once, in byte order', () => {
  const index = memoryIndex()
  const table = new ChunkTable(index)
  const names = Array.from({ length: 300 }, (_, n) => name(`${n}`))
  for (const [n, digest] of names.entries()) {
    table.set(digest, row)
    if (n === 150) {
      table.endSync(table.beginSync(), { segment: 1, offset: 64 })
      while (table.flushStep());
    }
  }
  for (const digest of names.slice(100, 200)) table.set(digest, undefined)
  const found: string[] = []
  for (let from = ''; ; ) {
    const page = table.page({ from }, 7)
    found.push(...page.map(entry => entry.digest))
    const last = page.at(-1)
    if (last === undefined) break
    from = `${last.digest}\0`
  }
  assert.deepEqual(found, [...names.slice(0, 100), ...names.slice(200)].sort())
  assert.equal(table.tally.states.held.chunks, 200)
})
