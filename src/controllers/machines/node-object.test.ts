import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newNode, labelsOf } from './node-object.ts'
import type { KubeObject } from '#schema'

const machine = { name: 'nas', role: 'node', zone: '', addresses: [], state: 'Online', disks: [] } as const

function zoneLabel(zone: string): string | undefined {
  const node = { ...newNode('nas'), metadata: { name: 'nas' } } as unknown as KubeObject
  const facts = { machine: { ...machine, zone }, heard: undefined, problems: [], homes: [] }
  return labelsOf(node, facts)['topology.kubernetes.io/zone']
}

test('a zone becomes a label when it can be one, and is no reason to refuse the whole Node when it cannot', () => {
  assert.equal(zoneLabel('attic'), 'attic')
  assert.equal(zoneLabel(''), undefined)
  assert.equal(zoneLabel('Room 1'), undefined)
  assert.equal(zoneLabel('\u001b[31m'), undefined)
})
