import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MeshPlace, MeshReport } from '#cluster'
import { allocate, type MeshCandidate } from './allocate.ts'

const report: MeshReport = {
  provider: 'wireguard',
  publicKey: 'key',
  endpoints: ['192.168.1.5:51820'],
  addresses: [],
  nat: 'unknown',
  scoreTenths: 0,
  direct: 0,
  relayed: 0,
  canRelay: true,
}

function machine(name: string, more: Partial<MeshCandidate> = {}): MeshCandidate {
  return { name, isController: false, before: undefined, report, ...more }
}

function plan(machines: readonly MeshCandidate[], before?: ReturnType<typeof allocate>) {
  const known =
    before === undefined ? machines : machines.map(each => ({ ...each, before: before.places.get(each.name) }))
  return allocate(known, { cloud: 'c', before: before?.ranges })
}

const addresses = (made: ReturnType<typeof allocate>) =>
  [...made.places].map(([name, place]) => `${name} ${place.addresses[0] ?? '-'}`).sort()

test('controllers get the first addresses, and each machine keeps its own until it is removed', () => {
  const first = plan([machine('a'), machine('z', { isController: true })])
  assert.deepEqual(addresses(first), ['a 10.44.0.2', 'z 10.44.0.1'])
  const later = plan([machine('0'), machine('a'), machine('z', { isController: true })], first)
  assert.deepEqual(addresses(later), ['0 10.44.0.3', 'a 10.44.0.2', 'z 10.44.0.1'])
  const without = plan([machine('0'), machine('z', { isController: true })], later)
  assert.deepEqual(addresses(plan([machine('0'), machine('b'), machine('z')], without)), [
    '0 10.44.0.3',
    'b 10.44.0.2',
    'z 10.44.0.1',
  ])
})

test('IPv6 is of a /48 that each cloud has for itself', () => {
  const one = allocate([machine('a')], { cloud: 'one', before: undefined })
  const other = allocate([machine('a')], { cloud: 'other', before: undefined })
  assert.match(one.ranges?.prefix ?? '', /^fd[0-9a-f]{2}:[0-9a-f]{4}:[0-9a-f]{4}::\/48$/)
  assert.notEqual(one.ranges?.prefix, other.ranges?.prefix)
  assert.equal(one.places.get('a')?.addresses[1], one.ranges?.prefix.replace('/48', '1'))
})

test('a machine that says nothing is as it was, one that says it has none keeps its address only', () => {
  const first = plan([machine('a'), machine('b')])
  const silent = plan([machine('a', { report: undefined }), machine('b')], first)
  assert.deepEqual(silent, first)
  const none = plan([machine('a', { report: { ...report, provider: 'none', publicKey: undefined } })], first)
  const place: MeshPlace = { addresses: first.places.get('a')?.addresses ?? [], endpoints: [] }
  assert.deepEqual(none.places.get('a'), place)
})

test('nobody on the mesh, no ranges', () => {
  assert.deepEqual(plan([machine('a', { report: undefined })]), { ranges: undefined, places: new Map() })
  assert.equal(plan([machine('a', { report: { ...report, provider: 'none' } })]).places.size, 0)
})

test('one with an interface of its own has what that has, also while it says nothing', () => {
  const own = {
    ...report,
    provider: 'interface',
    publicKey: undefined,
    addresses: ['100.64.0.7'],
    endpoints: [],
  } as const
  const first = plan([machine('a', { report: own }), machine('b')])
  assert.deepEqual(addresses(first), ['a 100.64.0.7', 'b 10.44.0.1'])
  assert.deepEqual(addresses(plan([machine('a', { report: undefined }), machine('b')], first)), addresses(first))
})

test('another range is what a controller wants, and all move to it', () => {
  const first = plan([machine('a'), machine('z', { isController: true })])
  const wish = { ...report, range: '10.60.0.0/16' }
  const moved = plan([machine('a', { report: undefined }), machine('z', { isController: true, report: wish })], first)
  assert.deepEqual(addresses(moved), ['a 10.60.0.2', 'z 10.60.0.1'])
  const kept = plan([machine('a'), machine('z', { isController: true })], moved)
  assert.deepEqual(addresses(kept), addresses(moved))
  assert.equal(plan([machine('a', { report: wish })], first).ranges?.range, '10.44.0.0/16')
})
