import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MapMachine } from '../node-map.ts'
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
