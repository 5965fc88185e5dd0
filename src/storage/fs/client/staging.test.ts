import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { machineDisk, machineEntropy } from '#host'
import { inoOf } from '../inode.ts'
import { type StagedWrite, Staging } from './staging.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'staging-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const open = () =>
  Staging.open({
    disk: machineDisk,
    entropy: machineEntropy,
    path: `${folder}/staging`,
    bootId: '4f1c2a3e-0000-4000-8000-000000000001',
    partBytes: 65_536,
  })

const write = (ino: number, text: string): StagedWrite => ({
  ino: inoOf(ino),
  offset: 100,
  mtimeNs: 5n,
  bytes: Buffer.from(text),
})

const textsOf = (writes: readonly StagedWrite[]) => writes.map(({ bytes }) => Buffer.from(bytes).toString())

/** Three staged writes of a process that is gone, with a bit of the middle one turned round. */
function leaveDamaged(): void {
  const { staging } = open()
  for (const [index, text] of ['first', 'second', 'third'].entries()) staging.write(write(index + 2, text))
  staging.close()
  const bytes = fs.readFileSync(`${folder}/staging`)
  const at = bytes.indexOf('second') + 2
  bytes[at]! ^= 4
  fs.writeFileSync(`${folder}/staging`, bytes)
}

suite('the staging file', () => {
  test('gives back what a killed process left, oldest first', () => {
    const { staging } = open()
    staging.write(write(2, 'one'))
    staging.write(write(3, 'two'))
    staging.landed({ ino: inoOf(2), offset: 0 }, staging.mark)
    staging.close()
    const { left, lost } = open()
    assert.deepEqual([textsOf(left), lost], [['two'], []])
  })
  test('never gives back bytes that were not written, and says what is lost', () => {
    leaveDamaged()
    const { left, lost } = open()
    assert.deepEqual(textsOf(left), ['first', 'third'])
    assert.deepEqual(
      lost.map(({ ino, offset }) => ({ ino, offset })),
      [{ ino: 3, offset: 100 }],
    )
  })
})

test('what is left of an earlier round, or looks like a record, is not taken for one', () => {
  const { staging } = open()
  const epoch = (): bigint => fs.readFileSync(`${folder}/staging`).readBigUInt64LE(16)
  staging.write(write(2, 'early'))
  const early = Buffer.from(fs.readFileSync(`${folder}/staging`).subarray(0, 72 + 5 + 8))
  const before = epoch()
  staging.reset()
  const now = epoch()
  assert.ok(now !== before && now !== before + 1n, 'nobody can tell the next round')
  staging.write({ ...write(3, ''), bytes: early })
  staging.close()
  assert.deepEqual(
    open().left.map(({ ino }) => ino),
    [3],
  )
})
