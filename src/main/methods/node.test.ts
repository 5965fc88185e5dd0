import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeStatus, storeCopies } from '#rpc'
import { openTestDoor, SUPERVISED_MS } from '../testing/door.ts'

test('Cairn is up for as long as its supervisor, though the storage process that answers may be new', async () => {
  await using door = await openTestDoor()
  const { uptimeMs } = await door.client.call(nodeStatus, undefined, new AbortController().signal)
  assert.ok(uptimeMs >= SUPERVISED_MS, `${uptimeMs}`)
})

test('a machine without others says that all data is on it alone', async () => {
  await using door = await openTestDoor()
  const copies = await door.client.call(storeCopies, undefined, new AbortController().signal)
  assert.equal(copies.sentence, 'All data is on this machine alone.')
  assert.deepEqual([copies.missingCopies, copies.damagedChunks, copies.unknown], [0, 0, []])
})
