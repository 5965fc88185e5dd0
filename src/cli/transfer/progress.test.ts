import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressLine } from './progress.ts'
import { Tally } from './tally.ts'

function tallyOf(values: Partial<Pick<Tally, 'files' | 'skipped' | 'bytes' | 'settledBytes' | 'total'>>): Tally {
  return Object.assign(new Tally(), values)
}

const MIB = 1024 * 1024

test('before the whole is counted the line tells what is done', () => {
  assert.equal(progressLine(tallyOf({ files: 3, settledBytes: MIB, bytes: MIB }), 100), '3 files  1.0 MiB')
  assert.equal(
    progressLine(tallyOf({ files: 3, settledBytes: MIB, bytes: MIB }), 2000),
    '3 files  1.0 MiB  512.0 KiB/s',
  )
})

test('once it is counted the line tells share, rate and the time left', () => {
  const tally = tallyOf({ files: 5, settledBytes: MIB, bytes: MIB, total: { files: 20, bytes: 4 * MIB } })
  assert.equal(progressLine(tally, 10_000), '25 %  5/20 files  1.0 MiB/4.0 MiB  102.4 KiB/s  30 s left')
})

test('a large file on its way counts before it is done', () => {
  const tally = tallyOf({ settledBytes: MIB, bytes: MIB, total: { files: 1, bytes: 4 * MIB } })
  assert.match(progressLine(tally, 10_000), /^25 % {2}0\/1 files {2}1\.0 MiB\/4\.0 MiB/)
})

test('a tree of empty files and one that grew while it was sent never pass 100 %', () => {
  assert.match(progressLine(tallyOf({ files: 2, total: { files: 2, bytes: 0 } }), 1000), /^100 %/)
  const grown = tallyOf({ files: 2, settledBytes: 9, bytes: 9, total: { files: 2, bytes: 3 } })
  assert.match(progressLine(grown, 1000), /^100 % .* 0 s left$/)
})
