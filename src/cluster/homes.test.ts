import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { changedHomes } from './homes.ts'
import { mapBytes, readMap } from './map-bytes.ts'
import type { MapFilesystem } from './node-map.ts'
import { machineRow, mapOf } from './testing.ts'

const machines = ['a', 'b', 'c'].map(name => machineRow(name))
const first: MapFilesystem = { name: 'home', home: 'a', epoch: 1, inSync: ['a', 'b'] }
const map = { machines, filesystems: [first] }

function change(next: Partial<MapFilesystem> | undefined, caller: string | undefined, was = first) {
  const wanted = next === undefined ? undefined : { ...first, ...next }
  return changedHomes(map, { filesystem: 'home', was, next: wanted }, caller)
}

const refused = (run: () => unknown) => assert.throws(run, error => isFault(error, 'NotHome'))

suite('where filesystems live', () => {
  test('in its epoch only the home says who has its log', () => {
    assert.deepEqual(change({ inSync: ['a'] }, 'a'), [{ ...first, inSync: ['a'] }])
    assert.deepEqual(change({ inSync: ['a', 'c'] }, 'a'), [{ ...first, inSync: ['a', 'c'] }])
    refused(() => change({ inSync: ['a'] }, 'b'))
    refused(() => change({ inSync: ['a'] }, undefined))
    refused(() => change({ home: 'b', inSync: ['b'] }, 'b'))
  })
  test('the next home is one that has the log, and has a higher epoch', () => {
    assert.deepEqual(change({ home: 'b', epoch: 2, inSync: ['b', 'a'] }, 'b')?.[0]?.epoch, 2)
    assert.deepEqual(change({ home: 'b', epoch: 2, inSync: ['b'] }, undefined)?.[0]?.home, 'b')
    refused(() => change({ home: 'c', epoch: 2, inSync: ['c'] }, 'c'))
    refused(() => change({ home: 'b', epoch: 2, inSync: ['b', 'c'] }, 'b'))
    refused(() => change({ home: 'b', epoch: 2, inSync: ['b'] }, 'c'))
  })
  test('what people have forced holds, also on a machine that lacks what was acknowledged', () => {
    const next = { ...first, home: 'c', epoch: 4, inSync: ['c', 'b'] }
    const forced = (caller: string, epoch = 4) =>
      changedHomes(map, { filesystem: 'home', was: first, next: { ...next, epoch }, isForced: true }, caller)
    assert.deepEqual(forced('c'), [next])
    refused(() => forced('b'))
    refused(() => forced('c', 1))
  })
  test('who has seen another record changes nothing, and who asks again is answered again', () => {
    assert.equal(change({ inSync: ['a'] }, 'a', { ...first, inSync: ['a', 'c'] }), undefined)
    assert.equal(change({}, 'c', { ...first, epoch: 7 }), map.filesystems)
  })
  test('the first record is that of a machine with all of it, and only the home takes its own away', () => {
    const none = { machines, filesystems: [] }
    const next = { name: 'photos', home: 'c', epoch: 1, inSync: ['c'] }
    const made = { filesystem: 'photos', was: undefined, next }
    assert.deepEqual(changedHomes(none, made, 'c'), [next])
    refused(() => changedHomes(none, { ...made, next: { ...next, inSync: ['c', 'a'] } }, 'c'))
    refused(() => changedHomes(none, { ...made, filesystem: 'other' }, 'c'))
    refused(() => changedHomes(none, { ...made, next: { ...next, home: 'x', inSync: ['x'] } }, 'x'))
    refused(() => change(undefined, 'b'))
    assert.deepEqual(change(undefined, 'a'), [])
  })
  test('a map from before filesystems were in it is read', () => {
    const { filesystems: _, ...old } = mapOf(3, machines)
    assert.deepEqual(readMap(Buffer.from(JSON.stringify(old))).filesystems, [])
    assert.deepEqual(readMap(mapBytes(mapOf(3, machines, { filesystems: [first] }))).filesystems, [first])
  })
})
