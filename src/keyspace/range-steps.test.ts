import assert from 'node:assert/strict'
import { test } from 'node:test'
import { revisionOf } from './change.ts'
import type { KeyValue, LocalKeyspace, RangeRequest } from './keyspace.ts'
import { RANGE_STEP_KEYS } from './limits.ts'
import { MemoryIndex } from './memory-index.ts'
import { encodeRows } from './row-block.ts'
import { findRows, type RowsWanted } from './rows.ts'
import { never, openIn, put, temporaryFolder } from './test/support.ts'
import { VersionMap } from './version-map.ts'

const all = { kind: 'prefix', prefix: 'k' } as const
const COUNT = RANGE_STEP_KEYS * 12 + 7

function name(index: number): string {
  return `k${String(index).padStart(5, '0')}`
}

async function fill(keyspace: LocalKeyspace): Promise<void> {
  for (let from = 0; from < COUNT; from += 100) {
    const indexes = Array.from({ length: Math.min(100, COUNT - from) }, (_, index) => from + index)
    await keyspace.txn({ then: indexes.map(index => put(name(index), 'old')) }, never)
  }
}

function namesOf(entries: readonly KeyValue[]): string[] {
  return entries.map(entry => entry.key)
}

/** Removes and adds while a range of the newest is under way. */
async function whileChanged(keyspace: LocalKeyspace, request: Omit<RangeRequest, 'keys'>, more?: () => Promise<void>) {
  const ranging = keyspace.range({ keys: all, ...request }, never)
  keyspace.commit({ then: [{ kind: 'delete', keys: { kind: 'range', start: name(10), end: undefined } }] })
  keyspace.commit({ then: [put(name(COUNT), 'new'), put(name(3000), 'new')] })
  await more?.()
  return await ranging
}

test('a range of many keys is of one revision, though others write between its steps', async () => {
  for (const order of ['ascending', 'descending'] as const) {
    using folder = temporaryFolder()
    await using keyspace = await openIn(folder.path, {})
    await fill(keyspace)
    const { revision } = keyspace
    const found = await whileChanged(keyspace, { order })
    const wanted = Array.from({ length: COUNT }, (_, index) => name(index))
    if (order === 'descending') wanted.reverse()
    assert.deepEqual(namesOf(found.entries), wanted)
    assert.deepEqual([found.revision, found.count, found.more], [revision, COUNT, false])
    const after = await keyspace.range({ keys: all, order }, never)
    assert.deepEqual(namesOf(after.entries).length, 12)
  }
})

test('a limit cuts a range that takes several steps', async () => {
  using folder = temporaryFolder()
  await using keyspace = await openIn(folder.path, {})
  await fill(keyspace)
  for (const limit of [RANGE_STEP_KEYS, RANGE_STEP_KEYS + 1, COUNT - 1]) {
    const { entries, more, count } = await keyspace.range({ keys: all, limit, want: 'keys' }, never)
    assert.deepEqual([entries.length, more, count], [limit, true, 0])
  }
  assert.equal((await keyspace.range({ keys: all, limit: COUNT }, never)).more, false)
})

test('what is compacted while a range of the newest is under way is read anew', async () => {
  using folder = temporaryFolder()
  await using keyspace = await openIn(folder.path, {})
  await fill(keyspace)
  const found = await whileChanged(keyspace, {}, () => keyspace.compact(keyspace.revision, never))
  assert.equal(found.revision, keyspace.revision)
  assert.deepEqual(namesOf(found.entries), [
    ...Array.from({ length: 10 }, (_, index) => name(index)),
    name(3000),
    name(COUNT),
  ])
})

test('pieces of any size are the whole', async () => {
  const index = new MemoryIndex(true)
  const row = (key: string) => ({ key, value: Uint8Array.of(), version: 1, lease: undefined })
  const at = (key: string, revision: number) => ({
    ...row(key),
    createRevision: revisionOf(1),
    modRevision: revisionOf(revision),
  })
  const state = { applied: revisionOf(1), compacted: revisionOf(0), leases: [] }
  await index.load(encodeRows(['a', 'a\0', 'b', 'c', 'e', 'f'].map(key => at(key, 1))), state)
  const overlay = new VersionMap()
  for (const key of ['a', 'b', 'd', 'f']) overlay.put(key, { revision: revisionOf(2), entry: undefined }, true)
  overlay.put('c', { revision: revisionOf(2), entry: at('c', 2) }, true)
  overlay.put('g', { revision: revisionOf(2), entry: at('g', 2) }, true)
  for (const descending of [false, true]) {
    for (const limit of [1, 2, 9]) {
      for (const revision of [undefined, revisionOf(1)]) {
        const wanted: RowsWanted = { span: { start: '', end: undefined }, descending, revision, limit }
        const whole = findRows({ overlay, index }, wanted, Number.POSITIVE_INFINITY)
        for (const looks of [1, 2, 3]) assert.deepEqual(inPieces({ overlay, index }, wanted, looks), whole)
      }
    }
  }
})

function inPieces(
  rows: Parameters<typeof findRows>[0],
  wanted: RowsWanted,
  looks: number,
): ReturnType<typeof findRows> {
  const found: KeyValue[] = []
  for (let { span } = wanted; ; ) {
    const piece = findRows(rows, { ...wanted, span, limit: wanted.limit - found.length }, looks)
    found.push(...piece.rows)
    if (piece.rest === undefined) return { ...piece, rows: found }
    span = piece.rest
  }
}
