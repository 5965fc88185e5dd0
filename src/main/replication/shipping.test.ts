import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MachineView, NodeMap } from '#cluster'
import { wantedLogs } from './shipping.ts'

const roles = { a: 'controller', b: 'controller', c: 'controller', d: 'node' } as const

function map(): NodeMap {
  const machines = Object.entries(roles).map(([name, role]) => {
    return { name, role, zone: '', addresses: [], state: 'Online', disks: [] } as const
  })
  const pools: NodeMap['pools'] = []
  const rest = { version: 1, cloud: 'c', level: 1, groups: 16, filesystems: [], revoked: [], isShared: true }
  return { ...rest, machines, pools }
}

function wanted(views: Readonly<Record<string, Partial<MachineView>>>) {
  const states = () => {
    return ['a', 'c', 'd'].map(name => {
      return { name, state: 'Online', isConnected: true, rttMs: undefined, ...views[name] } as const
    })
  }
  return wantedLogs({ own: 'b', map: map(), states }, true)
}

test('a log goes to machines that are connected first, of them to controllers; to none that is not heard', () => {
  assert.deepEqual(wanted({}).others, ['a', 'c', 'd'])
  // A process that has just begun knows of nobody that is off, such as the home before.
  assert.deepEqual(wanted({ a: { isConnected: false } }).others, ['c', 'd', 'a'])
  assert.deepEqual(wanted({ a: { isConnected: false, state: 'Suspect' } }).others, ['c', 'd'])
})

test('a home that hears nobody needs as many logs as ever: alone it acknowledges nothing', () => {
  const away = { isConnected: false, state: 'Offline' } as const
  assert.deepEqual(wanted({ a: away, c: away, d: away }), { others: [], copies: 2, least: 2 })
})
