import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeMap } from '#cluster'
import { machineWorld } from '#host'
import { openMemoryKeyspace } from '#keyspace'
import { StoredMap } from './stored-map.ts'

const { signal } = new AbortController()

function map(version: number): NodeMap {
  return {
    version,
    cloud: 'c',
    level: 1,
    groups: 4096,
    machines: [],
    pools: [],
    filesystems: [],
    revoked: [],
    isShared: true,
  }
}

test('of two controllers one writes the next map, and the other is told and hears of it', async () => {
  await using keyspace = openMemoryKeyspace({ world: machineWorld })
  await using one = await StoredMap.open(keyspace, machineWorld, signal)
  await using other = await StoredMap.open(keyspace, machineWorld, signal)
  assert.equal(one.current === undefined, true)
  const { revision } = await one.read(signal)
  const heard = Promise.withResolvers<void>()
  using _listening = other.onChange(() => heard.resolve())
  assert.equal(await one.write(map(1), revision, signal), true)
  assert.equal(one.current?.version, 1, 'known here at once')
  assert.equal(await other.write({ ...map(1), groups: 1 }, revision, signal), false)
  await heard.promise
  assert.deepEqual(other.current, map(1))
  const next = await other.read(signal)
  assert.equal(await other.write(map(2), next.revision, signal), true)
  assert.equal((await one.read(signal)).map?.version, 2)
})
