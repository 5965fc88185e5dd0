import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterFault, type MapFilesystem, type NodeMap } from '#cluster'
import { machineWorld } from '#host'
import { promote, type PromoteParts } from './promote.ts'

const never = new AbortController().signal
const machine = { role: 'node', zone: '', addresses: [], state: 'Online', disks: [] } as const

function parts(own: string, was: MapFilesystem, names: readonly string[]) {
  const asked: (MapFilesystem | undefined)[] = []
  const map = { machines: names.map(name => ({ ...machine, name })) } as unknown as NodeMap
  const records = {
    of: () => was,
    set: async ({ next }: { next: MapFilesystem }) => (asked.push(next), next),
  }
  const replication = { records, isRetired: () => false, standbys: { there: async () => ({ isWhole: true }) } }
  const away = (): never => {
    throw clusterFault('NoPath', 'the home is away')
  }
  const made = { world: machineWorld, peers: { machines: { own, map } }, replication, filesystems: { use: away } }
  return { parts: made as unknown as PromoteParts, asked }
}

const was: MapFilesystem = { name: 'home', home: 'a', epoch: 2, inSync: ['a', 'b', 'c'] }

test('a machine that has the log becomes the home of the next epoch', async () => {
  const { parts: made, asked } = parts('b', was, ['a', 'b', 'c'])
  await promote(made, { filesystem: 'home', isForced: false }, never)
  assert.deepEqual(asked, [{ name: 'home', home: 'b', epoch: 3, inSync: ['b', 'a', 'c'] }])
})

test('a home that was removed from the cloud is left out by the next one', async () => {
  const { parts: made, asked } = parts('b', was, ['b', 'c'])
  await promote(made, { filesystem: 'home', isForced: false }, never)
  assert.deepEqual(asked, [{ name: 'home', home: 'b', epoch: 3, inSync: ['b', 'c'] }])
})
