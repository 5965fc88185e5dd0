import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineClock } from '#host'
import { answerUnary, duplexPair, openClient, serveConnection } from '#rpc'
import { MACHINES_MAX } from '../limits.ts'
import { askNodes, clusterNodes, type NodeRow, nodesMessage } from './local.ts'

test('the rows of as many machines as a cloud may have fit an answer', async () => {
  const addresses = Array.from({ length: 8 }, (_, index) => `[fd00:1234:5678:9abc:def0:1234:5678:${index}]:7443`)
  const nodes = Array.from({ length: MACHINES_MAX }, (_, index): NodeRow => {
    const fixed = { role: 'node', zone: 'attic', state: 'Online', isOwn: false, isConnected: true } as const
    return {
      ...fixed,
      name: `machine-${index}.example.org`,
      addresses,
      disks: 4,
      capacityMiB: 4_000_000,
      filesystemsOnlyHere: [],
    }
  })
  const none = new AbortController().signal
  const [here, there] = duplexPair()
  const options = { clock: machineClock, software: 'test', log: { info: () => undefined, warn: () => undefined } }
  const handlers = [answerUnary(clusterNodes, async () => nodesMessage({ mapVersion: 7, nodes }))]
  await using _server = serveConnection(there, { ...options, handlers })
  await using client = await openClient(here, options, none)
  assert.deepEqual(await askNodes(client, none), { mapVersion: 7, nodes })
})
