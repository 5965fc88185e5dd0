import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LabRow, LabTrouble } from '../../labs.ts'
import { troubleText } from './trouble.ts'

const ROW = {
  lab: 'lab',
  state: 'running',
  address: '',
  isBehindNat: false,
  zone: '',
  memoryBytes: 1,
  diskBytes: 1,
} as const
const NONE: LabTrouble = { isCutOff: false, cutTo: [], latencyMs: 40, lossPercent: 0, isDiskFull: false }

function row(name: string, trouble: Partial<LabTrouble> = {}): LabRow {
  return { ...ROW, name, latencyMs: 40, trouble: { ...NONE, ...trouble } }
}

test('what was done to machines is told of each, from its own side, and nothing of what was planned', () => {
  const rows = [
    row('m1', { cutTo: ['m2', 'm3'] }),
    row('m2', { cutTo: ['m1'], latencyMs: 100, lossPercent: 1.5, isDiskFull: true }),
    row('m3'),
    row('m4', { isCutOff: true, latencyMs: 0 }),
    { ...row('m2'), lab: 'other' },
  ]
  assert.deepEqual(
    rows.map(each => troubleText(each, rows)),
    [
      'cut off from m2; sends nothing to m3',
      'cut off from m1; latency 100 ms; loss 1.5 %; disk full',
      'gets nothing from m1',
      'cut off; latency 0 ms',
      '',
    ],
  )
})
