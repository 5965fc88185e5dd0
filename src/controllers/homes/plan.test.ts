import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { MapMachine } from '#cluster'
import { nextHomes } from './plan.ts'

const machine = (name: string, role: MapMachine['role'] = 'controller'): MapMachine => {
  return { name, role, zone: '', addresses: [], state: 'Online', disks: [] }
}
const machines = [machine('a'), machine('b'), machine('c'), machine('d', 'node')]
const home = { name: 'home', home: 'a', epoch: 3, inSync: ['a', 'd', 'b'] }

function homes(silences: Readonly<Record<string, number | undefined>>, { aloneMs = 60_000, empty = '' } = {}) {
  const silentMs = (name: string) => (name in silences ? silences[name] : 0)
  const mayHaveLog = (name: string, filesystem: string) => name !== empty && filesystem === 'home'
  return nextHomes({ machines, filesystems: [home] }, { silentMs, mayHaveLog, aloneMs }).map(({ next }) => next)
}

suite('another home', () => {
  test('is the first of those that have the log and are heard, in a higher epoch, once the home is silent for 8 s', () => {
    assert.deepEqual(homes({ a: 7_999 }), [])
    assert.deepEqual(homes({ a: 8_000 }), [{ name: 'home', home: 'd', epoch: 4, inSync: ['d', 'b'] }])
    assert.deepEqual(homes({ a: 30_000, d: 6_000 }), [{ name: 'home', home: 'b', epoch: 4, inSync: ['b'] }])
  })

  test('is not named when nobody who has the log is heard, or nobody knows how long the home is silent', () => {
    assert.deepEqual(homes({ a: 30_000, b: 7_000, d: undefined }), [])
    assert.deepEqual(homes({ a: undefined }), [])
    assert.deepEqual(homes({}), [])
  })

  test('is none that has lost its disk: it leaves the set', () => {
    assert.deepEqual(homes({ a: 8_000 }, { empty: 'd' }), [{ name: 'home', home: 'b', epoch: 4, inSync: ['b'] }])
    assert.deepEqual(homes({ a: 8_000, b: 7_000 }, { empty: 'd' }), [])
  })

  test('waits for the time of a leader before, who may have answered the old home', () => {
    assert.deepEqual(homes({ a: 8_000 }, { aloneMs: 0 }), [])
    assert.deepEqual(homes({ a: 30_000 }, { aloneMs: 8_499 }), [])
    assert.equal(homes({ a: 30_000 }, { aloneMs: 8_500 }).length, 1)
  })

  test('is left to people in a cloud of fewer than three controllers', () => {
    const map = { machines: [machine('a'), machine('b'), machine('d', 'node')], filesystems: [home] }
    const facts = { mayHaveLog: () => true, aloneMs: 99_000 }
    assert.deepEqual(nextHomes(map, { ...facts, silentMs: name => (name === 'a' ? 99_000 : 0) }), [])
  })
})
