import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PlacementDisk, PlacementMap, PlacementPool } from './map.ts'
import { movesBetween } from './moves.ts'

const GROUPS = 4096

function mapOf(disks: readonly PlacementDisk[]): PlacementMap {
  return { version: 1, groups: GROUPS, disks }
}

// Copies that go somewhere else.
function moved(before: readonly PlacementDisk[], after: readonly PlacementDisk[], replicas: number): number {
  const pool: PlacementPool = { id: 'default', replicas, policy: 'weighted' }
  let count = 0
  for (const { gained } of movesBetween(mapOf(before), mapOf(after), pool)) count += gained.length
  return count
}

const machines = (count: number): PlacementDisk[] =>
  Array.from({ length: count }, (_, n) => ({ id: `d${n}`, machine: `m${n}`, zone: '', weight: 1000 + (n % 3) * 500 }))

function shareOf(disks: readonly PlacementDisk[], index: number): number {
  return (disks[index]?.weight ?? 0) / disks.reduce((sum, disk) => sum + disk.weight, 0)
}

test('a machine that comes takes its share from the others and moves little else', () => {
  for (const [count, replicas] of [
    [3, 1],
    [5, 2],
    [20, 3],
  ] as const) {
    const after = machines(count + 1)
    const least = shareOf(after, count) * replicas * GROUPS
    const moves = moved(after.slice(0, count), after, replicas)
    assert.ok(moves <= least * 1.1, `${moves} of ${least}`)
  }
})

test('a machine that goes moves what it held, and nothing else', () => {
  const before = machines(8)
  const pool: PlacementPool = { id: 'default', replicas: 3, policy: 'weighted' }
  for (const { lost, gained } of movesBetween(mapOf(before), mapOf(before.slice(1)), pool)) {
    assert.deepEqual([lost, gained.length], [['d0'], 1])
  }
})

test('a change of weight moves groups to or from that disk only', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 4000 }), (index, weight) => {
      const before = machines(8)
      const after = before.map((disk, n) => (n === index ? { ...disk, weight } : disk))
      const pool: PlacementPool = { id: 'default', replicas: 2, policy: 'weighted' }
      for (const { lost, gained } of movesBetween(mapOf(before), mapOf(after), pool)) {
        assert.ok(lost.includes(`d${index}`) !== gained.includes(`d${index}`), `${lost} -> ${gained}`)
        assert.deepEqual([lost.length, gained.length], [1, 1])
      }
    }),
    { numRuns: 10 },
  )
})

test('a second disk of a machine takes from the first, and the machine its share from the others', () => {
  const before = machines(5)
  const after = [...before, { id: 'new', machine: 'm0', zone: '', weight: 1000 }]
  const pool: PlacementPool = { id: 'default', replicas: 2, policy: 'weighted' }
  for (const { gained } of movesBetween(mapOf(before), mapOf(after), pool)) {
    assert.ok(
      gained.every(id => id === 'new' || id === 'd0'),
      String(gained),
    )
  }
})

test('with zones, too, a disk that comes takes groups to itself only, and one that goes gives away its own only', () => {
  const arbitrary = fc.array(
    fc.record({ machine: fc.integer({ min: 0, max: 7 }), weight: fc.integer({ min: 1, max: 4000 }) }),
    { minLength: 2, maxLength: 14 },
  )
  fc.assert(
    fc.property(
      arbitrary,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('weighted', 'all'),
      (rows, replicas, policy) => {
        const disks = rows.map(({ machine, weight }, n) => {
          return { id: `d${n}`, machine: `m${machine}`, zone: `z${machine % 3}`, weight }
        })
        const [came, ...others] = disks
        const pool = { id: 'default', replicas, policy } as const
        for (const { gained } of movesBetween(mapOf(others), mapOf(disks), pool)) {
          // Of machines that were too few for all copies, some get what there was no room for.
          if (new Set(others.map(({ machine }) => machine)).size < replicas) continue
          assert.deepEqual(gained, [came?.id])
        }
        for (const { lost } of movesBetween(mapOf(disks), mapOf(others), pool)) assert.deepEqual(lost, [came?.id])
      },
    ),
    { numRuns: 30 },
  )
})
