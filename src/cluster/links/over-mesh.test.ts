import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MapMachine } from '../node-map.ts'
import { machineRow, mapOf, TestNetwork } from '../testing.ts'
import { overMesh } from './over-mesh.ts'

const machine: MapMachine = {
  name: 'nas',
  role: 'node',
  zone: '',
  addresses: ['[fd00::5]:8443', '192.168.1.5:8443'],
  state: 'Online',
  disks: [],
}

test('the address on the mesh has the port of the others', () => {
  const mesh = (...addresses: readonly string[]) => ({ ...machine, mesh: { addresses, endpoints: [] } })
  assert.equal(overMesh(mesh('10.44.0.5', 'fd00:1::5')), '10.44.0.5:8443')
  assert.equal(overMesh(mesh('fd7a:115c::7')), '[fd7a:115c::7]:8443')
})

test('a machine that is not on the mesh, or listens nowhere, has none', () => {
  assert.equal(overMesh(undefined), undefined)
  assert.equal(overMesh(machine), undefined)
  assert.equal(overMesh({ ...machine, mesh: { addresses: [], endpoints: [] } }), undefined)
  assert.equal(overMesh({ ...machine, addresses: [], mesh: { addresses: ['10.44.0.5'], endpoints: [] } }), undefined)
})

const onMesh = (name: string, address: string) =>
  machineRow(name, { role: 'controller', mesh: { addresses: [address], endpoints: [] } })

test('a connection over the mesh makes way for a direct one as soon as that can be made, at both ends', async () => {
  await using network = new TestNetwork()
  const rows = [onMesh('a', '10.44.0.1'), onMesh('b', '10.44.0.2')]
  for (const address of ['a:1', 'b:1']) network.refused.add(address)
  const machines = rows.map(row => network.start(row))
  for (const { maps } of machines) await maps.take(mapOf(1, rows))
  await network.clock.advance(3_000)
  const [one, two] = machines
  assert(one !== undefined && two !== undefined)
  const slow = [one.links.client('b'), two.links.client('a')]
  assert.ok(slow.every(client => client !== undefined))
  await network.clock.advance(20_000)
  assert.deepEqual([one.links.client('b'), two.links.client('a')], slow, 'as long as there is no other way')
  network.refused.clear()
  await network.clock.advance(45_000)
  assert.deepEqual([one.links.connectionsOf('b'), two.links.connectionsOf('a')], [1, 1])
  assert.ok(one.links.client('b') !== slow[0] && two.links.client('a') !== slow[1])
  const direct = [one.links.client('b'), two.links.client('a')]
  network.dialled.length = 0
  await network.clock.advance(700_000)
  assert.deepEqual([one.links.client('b'), two.links.client('a')], direct)
  assert.deepEqual(network.dialled, [], 'nothing is looked for any more')
})

test('another way than over the mesh is looked for more and more rarely', async () => {
  await using network = new TestNetwork()
  const rows = [onMesh('a', '10.44.0.1'), onMesh('b', '10.44.0.2')]
  for (const address of ['a:1', 'b:1']) network.refused.add(address)
  for (const { maps } of rows.map(row => network.start(row))) await maps.take(mapOf(1, rows))
  await network.clock.advance(3_000)
  network.dialled.length = 0
  await network.clock.advance(3_600_000)
  const dialledByA = network.dialled.filter(line => line.startsWith('a '))
  assert.ok(dialledByA.length >= 8 && dialledByA.length <= 12, String(dialledByA.length))
  assert.deepEqual(new Set(network.dialled), new Set(['a b:1', 'b a:1']))
})
