import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { DiskReport, HeardMachine, MachineReport, NodeMap } from '#cluster'
import { drainedSpec, type KubeObject } from '#schema'
import { type MapFacts, nextMap } from './plan.ts'

const disk: DiskReport = {
  id: 'd'.repeat(32),
  path: '/data',
  state: 'Ready',
  capacityMiB: 1600,
  usedMiB: 100,
  freeMiB: 1500,
  chunks: 90,
  damaged: 0,
}

const report: MachineReport = {
  software: 'cairn 0.1.0',
  level: 1,
  zone: '',
  addresses: ['10.0.0.1:7443'],
  architecture: 'x64',
  kernel: '6.1',
  os: 'Debian',
  cpus: 2,
  memoryMiB: 512,
  disks: [disk],
}

function heard(name: string, more: Partial<MachineReport> = {}, state: HeardMachine['state'] = 'Online'): HeardMachine {
  return { name, state, agoMs: 100, skewMs: 0, report: { ...report, ...more } }
}

function node(name: string, { labels = {}, isDrained = false } = {}): KubeObject {
  const metadata = { name, uid: name, creationTimestamp: '', labels }
  const bare = { apiVersion: 'v1', kind: 'Node', metadata }
  return { ...bare, spec: isDrained ? drainedSpec(bare, true) : {} }
}

function facts(machines: readonly HeardMachine[], more: Partial<MapFacts> = {}): MapFacts {
  return {
    own: 'one',
    cloud: 'c',
    versionThere: 0,
    members: machines.map(({ name }) => ({ name, isController: name === 'one' })),
    heard: new Map(machines.map(each => [each.name, each])),
    nodes: new Map(),
    pools: [],
    revoked: [],
    ...more,
  }
}

const two = [heard('two'), heard('one')]

/** Maps one behind the other. */
function follow(...steps: readonly MapFacts[]): readonly NodeMap[] {
  const maps: NodeMap[] = []
  for (const step of steps) maps.push(nextMap(maps.at(-1), step))
  return maps
}

suite('the map', () => {
  test('counts a version only when something else has changed', () => {
    const [first, second, third] = follow(facts(two), facts(two), facts(two, { revoked: ['ff'] }))
    assert.equal(first?.version, 1)
    assert.equal(second, first)
    assert.equal(third?.version, 2)
    assert.deepEqual(third?.revoked, ['ff'])
    assert.deepEqual(
      first?.machines.map(each => [each.name, each.role]),
      [
        ['one', 'controller'],
        ['two', 'node'],
      ],
    )
    const read: NodeMap = JSON.parse(JSON.stringify(first))
    assert.equal(nextMap(read, facts(two)), read)
  })

  test('is above what a machine has already, and of one cloud only', () => {
    const [first, second] = follow(facts(two), facts(two, { versionThere: 9 }))
    assert.deepEqual([first?.version, second?.version], [1, 10])
    const other = nextMap(second, facts(two, { cloud: 'x', nodes: new Map() }))
    assert.deepEqual([other.version, other.cloud], [11, 'x'])
  })

  test('says of who was not heard since the start what it said before, and that who never was is Offline', () => {
    const silent = facts(two, { heard: new Map([['one', heard('one')]]) })
    const [, later] = follow(facts([heard('one'), heard('two', {}, 'Suspect')]), silent)
    assert.deepEqual(
      later?.machines.map(({ state }) => state),
      ['Online', 'Suspect'],
    )
    assert.equal(later?.machines[1]?.disks.length, 1)
    assert.deepEqual(nextMap(undefined, silent).machines[1], {
      name: 'two',
      role: 'node',
      zone: '',
      addresses: [],
      state: 'Offline',
      disks: [],
    })
  })

  test('drains who is marked and can be reached', () => {
    const nodes = new Map([['two', node('two', { isDrained: true })]])
    const stateOfTwo = (state: HeardMachine['state'], marked = nodes) =>
      nextMap(undefined, facts([heard('one'), heard('two', {}, state)], { nodes: marked })).machines[1]?.state
    assert.deepEqual(
      [stateOfTwo('Online'), stateOfTwo('Suspect'), stateOfTwo('Offline')],
      ['Draining', 'Draining', 'Offline'],
    )
    assert.equal(stateOfTwo('Draining', new Map()), 'Online')
  })

  test('takes a zone from the machine, else from the label that people gave its Node', () => {
    const nodes = new Map([['one', node('one', { labels: { 'topology.kubernetes.io/zone': 'attic' } })]])
    const zoneOf = (zone: string) => nextMap(undefined, facts([heard('one', { zone })], { nodes })).machines[0]?.zone
    assert.deepEqual([zoneOf(''), zoneOf('cellar')], ['attic', 'cellar'])
  })

  test('is of the lowest level of its members, and rises when all of them say so; it never falls', () => {
    const at = (...levels: readonly number[]) => facts(levels.map((level, index) => heard(`m${index}`, { level })))
    const maps = follow(at(1, 2), at(2, 2), at(2, 1), {
      ...at(3, 3),
      heard: new Map([['m0', heard('m0', { level: 3 })]]),
    })
    assert.deepEqual(
      maps.map(({ level }) => level),
      [1, 2, 2, 2],
    )
  })

  test('has more groups from 100 machines on, and never fewer again', () => {
    const many = (count: number) => facts(Array.from({ length: count }, (_, at) => heard(`m${at}`)))
    assert.deepEqual(
      follow(many(3), many(150), many(3)).map(({ groups }) => groups),
      [4096, 65_536, 65_536],
    )
  })

  test('fills no disk: above 85 % it takes no new groups, above 95 % nothing, and again only well below', () => {
    const at = (usedMiB: number, more: Partial<DiskReport> = {}) =>
      facts([heard('one', { disks: [{ ...disk, usedMiB: usedMiB * 16, freeMiB: 1600 - usedMiB * 16, ...more }] })])
    const taken = (...steps: readonly MapFacts[]) => follow(...steps).map(each => each.machines[0]?.disks[0]?.takes)
    const steps = taken(at(85), at(86), at(84), at(81), at(96), at(94), at(91), at(10))
    assert.deepEqual(steps, ['groups', 'chunks', 'chunks', 'groups', 'nothing', 'nothing', 'chunks', 'groups'])
    assert.deepEqual(taken(at(10, { state: 'Failing' }), at(10)), ['nothing', 'groups'])
  })

  test('changes the capacity of a disk only when it clearly is another', () => {
    const at = (capacityMiB: number, more: Partial<DiskReport> = {}) =>
      facts([heard('one', { disks: [{ ...disk, capacityMiB, ...more }] })])
    const capacities = follow(at(1600), at(1550), at(1400), at(0, { state: 'Missing' })).map(
      each => each.machines[0]?.disks[0]?.capacityMiB,
    )
    assert.deepEqual(capacities, [1600, 1600, 1400, 1400])
  })

  test('is without disks that are left, and has them again as they were', () => {
    const other = { ...disk, id: 'e'.repeat(32), path: '/mnt/attic' }
    const at = (more: Partial<DiskReport>) => facts([heard('one', { disks: [disk, { ...other, ...more }] })])
    const ids = (...steps: readonly MapFacts[]) =>
      follow(...steps).map(each => each.machines[0]?.disks.map(({ id }) => id.slice(0, 1)).join(''))
    const missing = { state: 'Missing', capacityMiB: 0 } as const
    assert.deepEqual(ids(at({}), at(missing), at({ ...missing, isLeaving: true }), at({})), ['de', 'de', 'd', 'de'])
  })

  test('has pools as their objects want them; what they leave open stays open', () => {
    const pool = (name: string, spec: object): KubeObject => ({
      apiVersion: 'cairn.dev/v1',
      kind: 'Pool',
      metadata: { name, uid: '', creationTimestamp: '' },
      spec: { ...spec },
    })
    const pools = [pool('default', { replicas: 3, minReplicas: 2, placement: 'roundRobin' }), pool('bulk', {})]
    assert.deepEqual(nextMap(undefined, facts(two, { pools })).pools, [
      { id: 'bulk', policy: 'weighted' },
      { id: 'default', replicas: 3, minReplicas: 2, policy: 'roundRobin' },
    ])
  })
})

test('where filesystems live stays in the map, without machines that were removed', () => {
  const [first] = follow(facts([...two, heard('three')]))
  assert.ok(first !== undefined)
  const filesystem = { name: 'home', home: 'one', epoch: 3, inSync: ['one', 'two', 'three'] }
  const kept = { ...first, filesystems: [filesystem] }
  assert.equal(nextMap(kept, facts([...two, heard('three')])), kept)
  assert.deepEqual(nextMap(kept, facts(two)).filesystems, [{ ...filesystem, inSync: ['one', 'two'] }])
})
