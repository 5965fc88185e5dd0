import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ChunkTable } from './chunk-table.ts'
import { groupChunks, groupOf } from './groups.ts'
import { memoryIndex } from './memory-index.ts'
import { hashOf } from './record.ts'
import { Bench } from './testing.ts'

const row = { segment: 1, offset: 64, plainBytes: 9, storedBytes: 9, codec: 'raw', state: 'held' } as const

test('all groups together list everything once and in order, however many they are', async () => {
  await using bench = new Bench()
  await using store = await bench.open()
  const all = await Promise.all(Array.from({ length: 700 }, () => store.put(randomBytes(20))))
  for (const groups of [1, 2, 16, 4096, 65_536]) {
    const listed: string[] = []
    for (let group = 0; group < groups; group++) {
      for (const { digest } of await store.list(group, groups)) listed.push(digest)
    }
    assert.deepEqual(listed, [...all].sort())
  }
})

test('a group lists what waits for the index with what is in it, without going through the rows of others', () => {
  const index = memoryIndex()
  const table = new ChunkTable(index)
  const names = Array.from({ length: 4_000 }, (_, n) => hashOf(Buffer.from(`${n}`)))
  for (const name of names.slice(0, 2_000)) table.set(name, row)
  table.endSync(table.beginSync(), { segment: 1, offset: 64 })
  while (table.flushStep());
  for (const name of names.slice(2_000)) table.set(name, row)
  for (const name of names.slice(0, 100)) table.set(name, undefined)
  let read = 0
  const page = index.page.bind(index)
  index.page = (range, limit) => {
    const rows = page(range, limit)
    read += rows.length
    return rows
  }
  const listed = Array.from({ length: 4096 }, (_, group) => [...groupChunks(table, group)]).flat()
  assert.deepEqual(
    listed.map(({ digest }) => digest),
    names.slice(100).sort(),
  )
  assert.equal(read, 2_000)
})

test('the version of a group grows when what is held of it has changed, and not otherwise', async () => {
  await using bench = new Bench()
  await using store = await bench.open()
  const versions = () => Array.from({ length: 4096 }, (_, group) => store.groupVersion(group, 4096))
  const changedBy = async (step: () => Promise<unknown>): Promise<number[]> => {
    const before = versions()
    await step()
    return versions().flatMap((version, group) => (version > (before[group] ?? 0) ? [group] : []))
  }
  const bytes = randomBytes(20)
  const digest = hashOf(bytes)
  const own = [groupOf(digest)]
  assert.deepEqual(await changedBy(() => store.put(bytes)), own)
  assert.deepEqual(await changedBy(() => store.put(bytes)), [])
  assert.deepEqual(await changedBy(() => store.sync()), [])
  assert.deepEqual(await changedBy(() => store.release([digest])), own)
  assert.deepEqual(await changedBy(() => store.drop([digest])), [])
  assert.deepEqual(await changedBy(() => store.put(bytes)), own)
  assert.deepEqual(await changedBy(() => store.condemn([digest])), own)
  const other = randomBytes(20)
  assert.deepEqual(await changedBy(() => store.cache(other)), [])
  assert.deepEqual(await changedBy(() => store.renew([hashOf(other)])), [groupOf(hashOf(other))])
})
