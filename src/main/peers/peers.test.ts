import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterNodes, clusterWatch, type HeardMachine } from '#cluster'
import { testCloud, type TestMachine } from '../testing/cloud.ts'

const none = new AbortController().signal

test('two storage processes hear each other over mutual TLS, and the node takes the map of the controller', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller')
  const b = await cloud.machine('b', 'node')
  const map = cloud.mapOf(1, [a, b])
  await cloud.tell(a, map)
  const heard = await untilHeard(a, ({ name, report }) => name === 'b' && report !== undefined)
  assert.equal(heard.state, 'Online')
  assert.equal(heard.seenFrom, '127.0.0.1')
  assert.deepEqual(heard.report?.addresses, [`127.0.0.1:${b.port}`])
  const { mapVersion, nodes } = await b.door.call(clusterNodes, undefined, none)
  assert.equal(mapVersion, 1)
  assert.deepEqual(
    nodes.map(({ name, state, isConnected, isOwn }) => [name, state, isConnected, isOwn]),
    [
      ['a', 'Online', true, false],
      ['b', 'Online', true, true],
    ],
  )
})

async function untilHeard({ door }: TestMachine, isIt: (machine: HeardMachine) => boolean): Promise<HeardMachine> {
  for await (const { head } of door.download(clusterWatch, undefined, none)) {
    const found = head.machines.find(isIt)
    if (found !== undefined) return found
  }
  throw new Error('the watch has ended')
}
