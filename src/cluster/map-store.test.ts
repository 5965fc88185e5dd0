import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { keepMap, MapStore } from './map-store.ts'
import { machineRow, mapOf, memoryDisk } from './testing.ts'

const alone = mapOf(0, [machineRow('a')], { isShared: false })
const stale = (error: unknown) => isFault(error, 'StaleMap')

test('a map never goes back, also after a restart', async () => {
  const disk = memoryDisk()
  const maps = new MapStore(disk, '/data', alone)
  await maps.take(mapOf(3, [machineRow('a')]))
  await assert.rejects(maps.take(mapOf(2, [])), stale)
  await maps.take(mapOf(3, [machineRow('b')])) // the same again changes nothing
  const again = new MapStore(disk, '/data', alone)
  assert.deepEqual([again.map.version, again.map.machines[0]?.name], [3, 'a'])
  await assert.rejects(again.take(mapOf(2, [])), stale)
})

test('a map of another cloud is not taken, and one that is kept is not opened', async () => {
  const disk = memoryDisk()
  const maps = new MapStore(disk, '/data', alone)
  await assert.rejects(maps.take(mapOf(3, [], { cloud: 'other' })), stale)
  await keepMap(disk, '/data', mapOf(7, [], { cloud: 'other' }))
  assert.equal(new MapStore(disk, '/data', alone).map.version, 0)
  maps.setAlone({ ...alone, cloud: 'other' }) // it has joined that one
  assert.deepEqual([maps.map.version, maps.map.isShared], [7, true])
})

test('maps that come at the same time are taken one behind the other, and a map is durable before it is seen', async () => {
  const disk = memoryDisk()
  const maps = new MapStore(disk, '/data', alone)
  const seen: [number, number][] = []
  maps.onMap(map => seen.push([map.version, new MapStore(disk, '/data', alone).map.version]))
  const outcomes = await Promise.allSettled([5, 4, 6].map(version => maps.take(mapOf(version, []))))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(seen, [
    [5, 5],
    [6, 6],
  ])
})

test('a power cut while a map is written leaves the one before', async () => {
  const disk = memoryDisk()
  await new MapStore(disk, '/data', alone).take(mapOf(3, []))
  const torn = memoryDisk(new Map(disk.files).set('/data/node/map.json.new', Buffer.from('{"vers')))
  const maps = new MapStore(torn, '/data', alone)
  assert.equal(maps.map.version, 3)
  await maps.take(mapOf(4, []))
  assert.equal(new MapStore(torn, '/data', alone).map.version, 4)
})

test('who is revoked by a map that cannot be written is revoked, and nothing else of that map is used', async () => {
  const disk = memoryDisk()
  const maps = new MapStore(disk, '/data', alone)
  await maps.take(mapOf(3, [machineRow('a'), machineRow('b')]))
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' })
  const { open } = disk
  disk.open = () => {
    throw full
  }
  let published = 0
  maps.onMap(() => published++)
  const next = mapOf(4, [machineRow('a')], { revoked: ['serial-b'] })
  await assert.rejects(maps.take(next), full)
  await assert.rejects(maps.take(next), full)
  assert.deepEqual([maps.map.version, maps.map.machines.length, maps.map.revoked], [3, 2, ['serial-b']])
  assert.equal(published, 1)
  disk.open = open
  await maps.take(next)
  assert.deepEqual([maps.map.version, maps.map.machines.length], [4, 1])
})
