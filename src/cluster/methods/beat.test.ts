import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { DISK_MIB_MAX, DISKS_MAX } from '../limits.ts'
import { clusterBeat } from './beat.ts'

test('all that the disks of a machine may be said to have can be added up', () => {
  const disk = {
    id: 'd'.repeat(32),
    path: '/',
    state: 'Ready',
    capacityMiB: 1,
    usedMiB: 1,
    freeMiB: 1,
    chunks: 0,
    damaged: 0,
  }
  const text = { software: '', zone: '', architecture: '', kernel: '', os: '' }
  const numbers = { level: 1, cpus: 1, memoryMiB: 1 }
  const report = { ...text, ...numbers, addresses: [] }
  const beat = (capacityMiB: number) =>
    clusterBeat.params(
      { boot: '', mapVersion: 0, wallMs: 0, report: { ...report, disks: [{ ...disk, capacityMiB }] } },
      '',
    )
  assert.ok(Number.isSafeInteger(DISK_MIB_MAX * DISKS_MAX) && Number.isSafeInteger(DISK_MIB_MAX * 2 ** 20))
  assert.equal(beat(DISK_MIB_MAX).report?.disks[0]?.capacityMiB, DISK_MIB_MAX)
  assert.throws(
    () =>
      clusterBeat.params(
        { boot: '', mapVersion: 0, wallMs: 0, report: { ...report, disks: [{ ...disk, id: 'sda' }] } },
        '',
      ),
    /32 hexadecimal/,
  )
  assert.throws(
    () => beat(Number.MAX_SAFE_INTEGER),
    error => isFault(error, 'BadMessage'),
  )
})
