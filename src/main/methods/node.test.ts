import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeStatus } from '#rpc'
import { openTestDoor, SUPERVISED_MS } from '../testing/door.ts'

test('Cairn is up for as long as its supervisor, though the storage process that answers may be new', async () => {
  await using door = await openTestDoor()
  const { uptimeMs } = await door.client.call(nodeStatus, undefined, new AbortController().signal)
  assert.ok(uptimeMs >= SUPERVISED_MS, `${uptimeMs}`)
})
