import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeardMachine, MachineReport, MeshReport } from '#cluster'
import { conditionsOf } from './conditions.ts'
import { nextMap } from './plan.ts'

const mesh: MeshReport = {
  provider: 'wireguard',
  publicKey: 'key',
  endpoints: ['192.168.1.5:51820'],
  addresses: [],
  nat: 'portRestrictedCone',
  scoreTenths: 7,
  direct: 2,
  relayed: 1,
  canRelay: true,
}

function heard(name: string, said: MeshReport | undefined): [string, HeardMachine] {
  const figures = { cpus: 1, memoryMiB: 1, cpuUsedMilli: 0, memoryUsedMiB: 0 }
  const texts = { software: '', zone: '', architecture: '', kernel: '', os: '' }
  const report: MachineReport = {
    ...figures,
    ...texts,
    level: 1,
    addresses: [],
    disks: [],
    ...(said === undefined ? {} : { mesh: said }),
  }
  return [name, { name, state: 'Online', skewMs: 0, report }]
}

function facts(...told: readonly [string, HeardMachine][]) {
  const members = told.map(([name], index) => ({ name, isController: index === 0 }))
  const none = { nodes: new Map(), pools: [], revoked: [] }
  return { own: 'a', cloud: 'c', versionThere: 0, members, heard: new Map(told), ...none }
}

test('the map has where machines are on the mesh, and changes when that does, not with each measure', () => {
  const first = nextMap(undefined, facts(heard('a', mesh), heard('b', { ...mesh, publicKey: 'other' })))
  assert.deepEqual(
    first.machines.map(each => each.mesh?.addresses[0]),
    ['10.44.0.1', '10.44.0.2'],
  )
  assert.equal(first.mesh?.range, '10.44.0.0/16')
  const measured = { ...mesh, nat: 'none', scoreTenths: 9, direct: 0 } as const
  assert.equal(nextMap(first, facts(heard('a', measured), heard('b', undefined))), first)
  const moved = nextMap(first, facts(heard('a', { ...mesh, endpoints: ['192.168.1.6:51820'] }), heard('b', undefined)))
  assert.equal(moved.version, first.version + 1)
})

test('the address of a machine that was removed is free', () => {
  const first = nextMap(undefined, facts(heard('a', mesh), heard('b', mesh)))
  const without = nextMap(first, facts(heard('a', mesh)))
  const other = nextMap(without, facts(heard('a', mesh), heard('c', mesh)))
  assert.deepEqual(
    other.machines.map(({ name, mesh: place }) => [name, place?.addresses[0]]),
    [
      ['a', '10.44.0.1'],
      ['c', '10.44.0.2'],
    ],
  )
})

test('a Node says how its machine is on the mesh, in steps', () => {
  const map = nextMap(undefined, facts(heard('a', mesh)))
  const [machine] = map.machines
  assert.ok(machine !== undefined)
  const said = (report: MeshReport | undefined) => {
    const [, told] = heard('a', report)
    const all = conditionsOf(undefined, { machine, heard: told, problems: [], homes: [] }, '2026-01-01T00:00:00Z')
    return all.find(({ type }) => type === 'Mesh')
  }
  assert.equal(said(undefined), undefined)
  const { status, message } = said(mesh) ?? {}
  assert.deepEqual(
    [status, message],
    ['True', '10.44.0.1, NAT portRestrictedCone, score 0.7, reaches 2 machines directly, 1 over another'],
  )
  assert.equal(said({ ...mesh, provider: 'none', problem: 'programs are missing: wireguard-tools' })?.status, 'False')
})
