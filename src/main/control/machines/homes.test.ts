import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeMap } from '#cluster'
import { machineWorld } from '#host'
import { openMemoryKeyspace } from '#keyspace'
import { setHome } from './homes.ts'
import { StoredMap } from './stored-map.ts'

const { signal } = new AbortController()

test('of two machines that want to be the next home at once, one is, and the map has a version for it', async () => {
  await using keyspace = openMemoryKeyspace({ world: machineWorld })
  await using stored = await StoredMap.open(keyspace, machineWorld, signal)
  const first = { name: 'home', home: 'a', epoch: 1, inSync: ['a', 'b', 'c'] }
  const machine = { role: 'node', zone: '', addresses: [], state: 'Online', disks: [] } as const
  const machines = ['a', 'b', 'c'].map(name => ({ ...machine, name }))
  const fixed = { cloud: 'c', level: 1, groups: 16, pools: [], revoked: [], isShared: true }
  const map: NodeMap = { ...fixed, version: 4, machines, filesystems: [first] }
  await stored.write(map, 0, signal)
  const become = (caller: string) => {
    const next = { ...first, home: caller, epoch: 2, inSync: [caller] }
    return setHome(stored, { filesystem: 'home', was: first, next, caller }, signal)
  }
  const outcomes = await Promise.all([become('b'), become('c')])
  assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ['done', 'stale'])
  const home = outcomes.find(({ outcome }) => outcome === 'done')?.map.filesystems[0]?.home
  assert.equal(stored.current?.version, 5)
  assert.equal(stored.current?.filesystems[0]?.home, home)
})
