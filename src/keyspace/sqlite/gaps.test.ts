import assert from 'node:assert/strict'
import { test } from 'node:test'
import { del, never, openIn, put, temporaryFolder } from '../test/support.ts'
import { Gaps } from './gaps.ts'

test('a gap has the keys between its neighbours, not the neighbours', () => {
  const gaps = new Gaps()
  gaps.add({ above: 'b', below: 'd' })
  gaps.add({ above: 'x', below: undefined })
  assert.deepEqual(
    ['a', 'b', 'b\0', 'c', 'd', 'w', 'x', 'y'].map(key => gaps.hasKey(key)),
    [false, false, true, true, false, false, false, true],
  )
  const spans = [
    { start: 'b', end: 'c' },
    { start: 'bb', end: 'd' },
    { start: 'bb', end: 'dd' },
    { start: 'bb', end: undefined },
    { start: 'xx', end: undefined },
  ]
  assert.deepEqual(
    spans.map(span => gaps.hasSpan(span)),
    [false, true, false, false, true],
  )
})

test('keys that were missed are found once they came, in the overlay, in the index, and are missed again when gone', async () => {
  using folder = temporaryFolder()
  await using keyspace = await openIn(folder.path, { history: { ms: 0, revisions: 0 }, syncEveryMs: 60_000 })
  const all = (): string[] =>
    keyspace.rangeNow({ keys: { kind: 'prefix', prefix: 'k' } }).entries.map(entry => entry.key)
  assert.equal(keyspace.get('k5'), undefined)
  assert.deepEqual(all(), [])
  keyspace.commit({ then: [put('k5', 'a')] })
  assert.equal(keyspace.get('k5')?.version, 1)
  await keyspace.compact(keyspace.revision, never) // everything is in the index now
  assert.equal(keyspace.get('k5')?.version, 1)
  assert.equal(keyspace.get('k4'), undefined)
  keyspace.commit({ then: [put('k4', 'b'), del('k5')] })
  assert.deepEqual(all(), ['k4'])
  await keyspace.compact(keyspace.revision, never)
  assert.deepEqual(all(), ['k4'])
  assert.equal(keyspace.get('k5'), undefined)
})
