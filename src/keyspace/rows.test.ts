import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteString } from '#base'
import { revisionOf } from './change.ts'
import type { Span } from './key-set.ts'
import type { KeyValue } from './keyspace.ts'
import { RANGE_STEP_KEYS } from './limits.ts'
import { MemoryIndex } from './memory-index.ts'
import type { RowIndex, RowQuery } from './row-index.ts'
import { encodeRows } from './row-block.ts'
import { countRows, findRows } from './rows.ts'
import { sqliteIndex } from './sqlite/sqlite-index.ts'
import { quietWorld, temporaryFolder } from './test/support.ts'
import { VersionMap } from './version-map.ts'

const everything = { start: '', end: undefined }

function row(key: ByteString, revision: number): KeyValue {
  const value = Uint8Array.of()
  return {
    key,
    value,
    createRevision: revisionOf(1),
    modRevision: revisionOf(revision),
    version: 1,
    lease: undefined,
  }
}

/** Counts what is read of an index. */
function counted(index: RowIndex): { readonly index: RowIndex; reads: number } {
  const seen = {
    reads: 0,
    index: new Proxy(index, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name !== 'snapshot') seen.reads += 1
        return value.bind(target) as unknown
      },
    }),
  }
  return seen
}

test('however many keys are only in memory, counting asks the index twice', async () => {
  for (const prefix of ['key-', 'k\0y\xff-']) {
    using folder = temporaryFolder()
    const stored = await sqliteIndex.open({ world: quietWorld, folder: folder.path, keepHistory: true })
    const names = Array.from({ length: 1000 }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`)
    const state = { applied: revisionOf(1), compacted: revisionOf(0), leases: [] }
    const overlay = new VersionMap()
    // Of the 600 that the index has 300 are gone, and of those behind 100 are new.
    for (const name of names.slice(300, 600)) overlay.put(name, { revision: revisionOf(3), entry: undefined }, true)
    for (const name of names.slice(600, 700)) overlay.put(name, { revision: revisionOf(2), entry: row(name, 2) }, true)
    for (const index of [new MemoryIndex(true), stored]) {
      await index.load(encodeRows(names.slice(0, 600).map(name => row(name, 1))), state)
      const seen = counted(index)
      const rows = { overlay, index: seen.index }
      assert.equal(countRows(rows, everything, undefined), 400)
      assert.equal(seen.reads, 2)
      assert.equal(countRows(rows, everything, revisionOf(2)), 700)
      assert.equal(countRows(rows, everything, revisionOf(1)), 600)
      assert.equal(seen.reads, 5)
      assert.equal(countRows(rows, { start: 'z', end: undefined }, undefined), 0)
      assert.equal(seen.reads, 6)
    }
    await stored.close(true)
  }
})

test('a range in steps reads every row once, in either order', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `key-${String(index).padStart(4, '0')}`)
  const index = new MemoryIndex(true)
  const state = { applied: revisionOf(1), compacted: revisionOf(0), leases: [] }
  await index.load(encodeRows(names.map(name => row(name, 1))), state)
  for (const descending of [false, true]) {
    let read = 0
    const seen: RowIndex = new Proxy(index, {
      get: (target, name) => {
        if (name !== 'range') return Reflect.get(target, name, target) as unknown
        return (query: RowQuery) => {
          const rows = target.range(query)
          read += rows.length
          return rows
        }
      },
    })
    const found: ByteString[] = []
    const limit = Number.MAX_SAFE_INTEGER
    for (let span: Span | undefined = everything; span !== undefined; ) {
      const wanted = { span, descending, revision: undefined, limit }
      const some = findRows({ overlay: new VersionMap(), index: seen }, wanted, RANGE_STEP_KEYS)
      for (const { key } of some.rows) found.push(key)
      span = some.rest
    }
    assert.deepEqual(found, descending ? names.toReversed() : names)
    assert.equal(read, names.length)
  }
})
