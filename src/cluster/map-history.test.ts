import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { CHANGED_ROWS_MAX } from './limits.ts'
import { mapBytes, readMap } from './map-bytes.ts'
import { changeBytes, changedMap, readChange } from './map-change.ts'
import { MapHistory } from './map-history.ts'
import type { MapFilesystem, NodeMap } from './node-map.ts'
import { machineRow, mapOf } from './testing.ts'

const isBad = (error: unknown) => isFault(error, 'BadMap')

test('what changed since any map leads from it to the last one, whatever came and went between', () => {
  const maps = someMaps(60, 7)
  const [first, ...later] = maps
  assert(first !== undefined)
  const history = new MapHistory(first)
  for (const map of later) history.note(map)
  const last = maps.at(-1)
  for (const map of maps) {
    const change = history.since(map.version)
    assert(change !== undefined)
    assert.deepEqual(readMap(mapBytes(changedMap(asRead(map), readChange(changeBytes(change))))), asRead(last))
  }
})

test('a change that is not that of this map, or that somebody has altered, leads nowhere', () => {
  const [before, other, next] = someMaps(3, 1)
  assert(before !== undefined && other !== undefined && next !== undefined)
  const history = new MapHistory(before)
  history.note(next)
  const bytes = Buffer.from(changeBytes(history.since(before.version)!))
  assert.throws(() => changedMap({ ...before, machines: [machineRow('z')] }, readChange(bytes)), isBad)
  let led = 0
  for (let at = 0; at < bytes.byteLength; at++) {
    const altered = Buffer.from(bytes)
    altered[at] = (altered[at] ?? 0) ^ 1
    try {
      assert.deepEqual(asRead(changedMap(before, readChange(altered))), asRead(next))
      led++
    } catch (error) {
      if (!isBad(error)) throw error
    }
  }
  // Those that say the same in other words, such as a key of a field that nobody reads.
  assert.ok(led < bytes.byteLength / 10, `${led} of ${bytes.byteLength}`)
})

test('a change that says more than a map may hold is refused before it is used', () => {
  const machines = Array.from({ length: 700 }, (_, n) => machineRow(`m${n}`))
  const others = Array.from({ length: 700 }, (_, n) => machineRow(`o${n}`))
  const history = new MapHistory(mapOf(1, machines))
  history.note(mapOf(2, [...machines, ...others.slice(0, 300)]))
  const change = history.since(1)!
  const tooMany = { ...change, machines: { ...change.machines, set: others } }
  assert.throws(() => changedMap(mapOf(1, machines), tooMany), isBad)
  const endless = { ...change, machines: { ...change.machines, gone: Array(1_001).fill('m1') } }
  assert.throws(() => readChange(changeBytes(endless)), isBad)
})

test('only so many changed rows are known, and who has a map before them is told nothing', () => {
  const history = new MapHistory(mapOf(1, []))
  const serials = (from: number, count: number) => Array.from({ length: count }, (_, n) => `s${from + n}`).sort()
  history.note(mapOf(2, [], { revoked: serials(0, 3_000) }))
  history.note(mapOf(3, [], { revoked: serials(0, 4_096) }))
  assert.equal(history.since(1)?.revoked.set.length, CHANGED_ROWS_MAX)
  history.note(mapOf(4, [], { revoked: serials(1, 4_096) }))
  assert.equal(history.since(1), undefined)
  assert.deepEqual(history.since(3)?.revoked, { set: ['s4096'], gone: ['s0'] })
})

test('before a map is shared, of another cloud and of a version that nobody has there is no change', () => {
  const history = new MapHistory(mapOf(0, [], { isShared: false }))
  history.note(mapOf(5, []))
  assert.deepEqual([history.since(0), history.since(6)], [undefined, undefined])
  history.note(mapOf(6, []))
  assert.ok(history.since(5))
  history.note(mapOf(7, [], { cloud: 'other' }))
  assert.deepEqual([history.since(5), history.since(6)], [undefined, undefined])
})

/** Maps of one cloud, each from the one before by a few changes of all kinds. */
function someMaps(count: number, seed: number): readonly NodeMap[] {
  let state = seed
  const below = (max: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * max)
  }
  const machines = new Map(Array.from({ length: 8 }, (_, n) => [`m${n}`, machineRow(`m${n}`)]))
  const filesystems = new Map<string, MapFilesystem>()
  const revoked = new Set<string>()
  const maps: NodeMap[] = []
  for (let version = 3; maps.length < count; version += 1 + below(3)) {
    const name = `m${below(12)}`
    if (below(3) === 0) machines.delete(name)
    else machines.set(name, machineRow(name, { state: below(2) === 0 ? 'Online' : 'Suspect', zone: `z${below(3)}` }))
    const filesystem = `f${below(4)}`
    if (below(3) === 0) filesystems.delete(filesystem)
    else filesystems.set(filesystem, { name: filesystem, home: name, epoch: version, inSync: [name] })
    if (!revoked.delete(`s${below(5)}`)) revoked.add(`s${below(5)}`)
    const pools = below(2) === 0 ? [] : [{ id: 'default', replicas: 1 + below(3), policy: 'weighted' as const }]
    const more = { pools, filesystems: sorted(filesystems), revoked: [...revoked].sort(), level: 1 + below(2) }
    maps.push(mapOf(version, sorted(machines), more))
  }
  return maps
}

function sorted<Row>(rows: ReadonlyMap<string, Row>): readonly Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

function asRead(map: NodeMap | undefined): NodeMap {
  assert(map !== undefined)
  return readMap(mapBytes(map))
}
