import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOME_OTHERS_MS, HOME_SILENT_MS } from '#controllers'
import { HOME_STOPS_MS, LEADING_COUNTS_MS } from '../limits.ts'
import { isCutOff } from './cut-off.ts'

const machines = (['controller', 'controller', 'controller', 'node'] as const).map((role, index) => {
  return { name: `m${index}`, role, zone: '', addresses: [], state: 'Online', disks: [] } as const
})
const record = { inSync: ['m0', 'm1'] }

test('a home that no leading controller has answered for 6 s answers nobody, if there may be another', () => {
  assert.equal(isCutOff(record, { machines }, 5_999), false)
  assert.equal(isCutOff(record, { machines }, 6_000), true)
  assert.equal(isCutOff(record, { machines }, undefined), true, 'none has since it began')
})

test('a home stays when nobody else has its log, or people name the next one', () => {
  assert.equal(isCutOff({ inSync: ['m0'] }, { machines }, 60_000), false)
  assert.equal(isCutOff(undefined, { machines }, 60_000), false)
  assert.equal(isCutOff(record, { machines: machines.slice(1) }, 60_000), false)
})

test('a home has stopped before there may be another, whichever leader answered it last', () => {
  assert.ok(HOME_SILENT_MS >= (HOME_STOPS_MS * 4) / 3, 'one leader: clocks may run apart by a third')
  // Another one before: it counts for a while behind the request for the last renewal of its lease that anybody has seen.
  assert.ok(HOME_OTHERS_MS > LEADING_COUNTS_MS + HOME_STOPS_MS)
})
