import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCutOff } from './cut-off.ts'

const machines = (['controller', 'controller', 'controller', 'node'] as const).map((role, index) => {
  return { name: `m${index}`, role, zone: '', addresses: [], state: 'Online', disks: [] } as const
})
const record = { inSync: ['m0', 'm1'] }

test('a home that no leading controller has answered for 9 s answers nobody, if there may be another', () => {
  assert.equal(isCutOff(record, { machines }, 8_999), false)
  assert.equal(isCutOff(record, { machines }, 9_000), true)
  assert.equal(isCutOff(record, { machines }, undefined), true, 'none has since it began')
})

test('a home stays when nobody else has its log, or people name the next one', () => {
  assert.equal(isCutOff({ inSync: ['m0'] }, { machines }, 60_000), false)
  assert.equal(isCutOff(undefined, { machines }, 60_000), false)
  assert.equal(isCutOff(record, { machines: machines.slice(1) }, 60_000), false)
})
