import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNews, ownReport } from './own-report.ts'

const load = { cpus: 2, memoryMiB: 1024, cpuUsedMilli: 10, memoryUsedMiB: 100 }
const disk = {
  id: 'd',
  path: '/data',
  state: 'Ready',
  capacityMiB: 10_000,
  usedMiB: 10,
  freeMiB: 9_000,
  chunks: 10,
  damaged: 0,
} as const

const report = (chunks: number) => ownReport({ addresses: ['a:1'], load, disks: [{ ...disk, chunks }] })

test('a few chunks more or less are no news, but that a disk is empty, or no longer, is', () => {
  assert.equal(isNews(report(10), report(12)), false)
  assert.equal(isNews(report(10), report(0)), true)
  assert.equal(isNews(report(0), report(1)), true)
  assert.equal(isNews(report(10), report(80)), true)
})
