import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { openMemoryKeyspace } from '#keyspace'
import { gated } from './gate.ts'

const never = new AbortController().signal

test('a closed gate stops writers and nobody else, and waits for those under way', async () => {
  await using behind = openMemoryKeyspace({ world: machineWorld })
  const gate = gated(behind)
  const put = { then: [{ kind: 'put', key: 'a', value: Buffer.from('1') }] } as const
  const first = gate.keyspace.txn(put, never)
  await gate.close()
  assert.equal((await first).revision, behind.revision)
  await assert.rejects(gate.keyspace.txn(put, never), error => isFault(error, 'Moving'))
  await assert.rejects(gate.keyspace.grant(1000, never), error => isFault(error, 'Moving'))
  assert.equal((await gate.keyspace.range({ keys: { kind: 'key', key: 'a' } }, never)).entries.length, 1)
  gate.reopen()
  const { revision } = await gate.keyspace.txn(put, never)
  assert.equal(revision, 2)
  assert.ok('revision' in gate.keyspace && gate.keyspace.revision === revision, 'it is as local as what is behind it')
})
