import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from '#base'
import { groupOf, groupsFor, type PlacementDisk, type PlacementMap, type PlacementPool } from './map.ts'
import { PlacementOrder } from './order.ts'

const POOL: PlacementPool = { id: 'default', replicas: 2, policy: 'weighted' }

function disk(id: string, weight = 1000, machine = id, zone = ''): PlacementDisk {
  return { id, machine, zone, weight }
}

function mapOf(...disks: PlacementDisk[]): PlacementMap {
  return { version: 1, groups: 4096, disks }
}

function ids(disks: readonly PlacementDisk[]): string {
  return disks.map(each => each.id).join(' ')
}

test('the order is what it always was', () => {
  const order = new PlacementOrder(mapOf(disk('a'), disk('b', 2000), disk('c', 500), disk('d', 1000, 'a')), POOL)
  assert.deepEqual(
    [0, 1, 2, 1000, 4095].map(group => ids(order.all(group))),
    GOLDEN,
  )
})

test('the order of the rows says nothing', () => {
  const disks = Array.from({ length: 12 }, (_, n) =>
    disk(`disk-${n}`, 100 + n, `machine-${n % 7}`, `zone-${(n % 7) % 3}`),
  )
  const order = new PlacementOrder(mapOf(...disks), POOL)
  const other = new PlacementOrder(mapOf(...disks.toReversed()), POOL)
  for (let group = 0; group < 4096; group += 13) assert.equal(ids(order.all(group)), ids(other.all(group)))
})

test('copies lie on different machines, and in different zones while there are any', () => {
  const arbitrary = fc.array(
    fc.record({ machine: fc.integer({ min: 0, max: 9 }), weight: fc.integer({ min: 0, max: 5000 }) }),
    { minLength: 1, maxLength: 20 },
  )
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 1, max: 5 }), fc.nat(4095), (rows, replicas, group) => {
      const disks = rows.map(({ machine, weight }, n) => disk(`d${n}`, weight, `m${machine}`, `z${machine % 3}`))
      const wanted = new PlacementOrder(mapOf(...disks), { ...POOL, replicas }).wanted(group)
      const alive = disks.filter(each => each.weight > 0)
      const [machines, zones] = [new Set(alive.map(each => each.machine)), new Set(alive.map(each => each.zone))]
      assert.equal(wanted.length, Math.min(replicas, machines.size))
      assert.equal(new Set(wanted.map(each => each.machine)).size, wanted.length)
      assert.equal(new Set(wanted.map(each => each.zone)).size, Math.min(wanted.length, zones.size))
      assert.ok(wanted.every(each => each.weight > 0))
    }),
  )
})

test('disks get groups by their weight; evenly by round robin; each machine all of them by all', () => {
  const map = mapOf(disk('a', 1000), disk('b', 2000), disk('c', 3000, 'c'), disk('d', 1000, 'c'), disk('e', 1000))
  const share = (pool: PlacementPool) => {
    const order = new PlacementOrder(map, pool)
    const counts = new Map<string, number>()
    for (let group = 0; group < map.groups; group++) {
      for (const { machine } of order.wanted(group)) counts.set(machine, (counts.get(machine) ?? 0) + 1 / map.groups)
    }
    return ['a', 'b', 'c', 'e'].map(machine => counts.get(machine) ?? 0)
  }
  const isNear = (shares: readonly number[], wanted: readonly number[]) =>
    wanted.forEach((each, n) => assert.ok(Math.abs((shares[n] ?? 0) - each) < 0.03, `${shares} against ${wanted}`))
  isNear(share({ ...POOL, replicas: 1 }), [1 / 8, 2 / 8, 4 / 8, 1 / 8])
  isNear(share({ ...POOL, policy: 'roundRobin' }), [0.5, 0.5, 0.5, 0.5])
  assert.deepEqual(share({ ...POOL, policy: 'all' }).map(Math.round), [1, 1, 1, 1])
})

test('chunks fall evenly into groups, and a group splits into whole ones', () => {
  const digest = digestOf(createHash('sha256').update('x').digest())
  assert.deepEqual(
    [1, 16, 4096, 65_536].map(groups => groupOf(digest, groups)),
    [0, 2, 0x2d7, 0x2d71],
  )
  assert.deepEqual([1, 99, 100].map(groupsFor), [4096, 4096, 65_536])
})

const GOLDEN = ['b d c', 'a b c', 'a b c', 'a c b', 'b a c']
