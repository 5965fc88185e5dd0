import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskName, machineOfDisk } from './disk-id.ts'

test('the machine of a disk is known by what people call it', () => {
  const machines = ['attic', 'attic-0123abcd', 'm-1', 'm']
  const id = '89abcdef'.repeat(4)
  for (const machine of machines) {
    for (const at of [0, 1]) assert.equal(machineOfDisk(diskName(machine, { id }, at), machines), machine)
  }
  for (const name of ['cellar', 'attic-', 'attic-89ABCDEF', 'cellar-89abcdef', '']) {
    assert.equal(machineOfDisk(name, machines), undefined)
  }
})
