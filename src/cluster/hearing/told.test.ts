import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MachineReport } from '../methods/beat.ts'
import type { HeardMachine } from '../methods/local.ts'
import { Bell } from './bell.ts'
import { tellChanges } from './told.ts'

const none = new AbortController().signal
const names = (rows: readonly HeardMachine[]) => rows.map(({ name }) => name).join()

function row(name: string, mark: string) {
  return { name, mark, row: () => ({ name, state: 'Online', skewMs: 0 }) as const }
}

test('all machines are told first, then those that have changed, none twice', async () => {
  const bell = new Bell()
  let rows = [row('a', '1'), row('b', '1')]
  const told = tellChanges(() => rows, bell, none)
  assert.equal(names((await told.next()).value), 'a,b')
  rows = [row('a', '1'), row('b', '2'), row('c', '1')]
  bell.ring()
  bell.ring()
  assert.equal(names((await told.next()).value), 'b,c')
  const next = told.next()
  bell.ring() // nothing is new
  rows = [row('a', '3'), row('b', '2'), row('c', '1')]
  bell.ring()
  assert.equal(names((await next).value), 'a')
})

test('many machines are told in pieces', async () => {
  const rows = Array.from({ length: 40 }, (_, index) => row(`m${index}`, '1'))
  const told = tellChanges(() => rows, new Bell(), none)
  const sizes = []
  for (let seen = 0; seen < 40; seen += sizes.at(-1) ?? 0) sizes.push((await told.next()).value.length)
  assert.deepEqual(sizes, [16, 16, 8])
})

test('a machine that says more of itself than fits is told without it, and the others beside it', async () => {
  const report = reportOf(64, 700)
  const large = { ...row('large', '1'), row: () => ({ ...row('large', '1').row(), report }) }
  const usual = { ...row('usual', '1'), row: () => ({ ...row('usual', '1').row(), report: reportOf(4, 100) }) }
  const told = tellChanges(() => [large, usual], new Bell(), none)
  const { value: rows } = await told.next()
  assert.deepEqual(
    rows.map(({ name, report: said }) => [name, said?.disks.length]),
    [
      ['large', undefined],
      ['usual', 4],
    ],
  )
})

function reportOf(disks: number, pathCharacters: number): MachineReport {
  const disk = {
    id: 'd',
    path: 'p'.repeat(pathCharacters),
    state: 'Ready',
    capacityMiB: 1,
    usedMiB: 1,
    freeMiB: 1,
  } as const
  const figures = { cpus: 1, memoryMiB: 1 }
  const texts = { software: '', zone: '', architecture: '', kernel: '', os: '' }
  const rows = Array.from({ length: disks }, () => ({ ...disk, chunks: 0, damaged: 0 }))
  return { ...figures, ...texts, level: 1, addresses: [], disks: rows }
}

test('who does not listen any more ends it', async () => {
  const stop = new AbortController()
  const told = tellChanges(() => [], new Bell(), stop.signal)
  const next = told.next()
  stop.abort(new Error('enough'))
  await assert.rejects(next, /enough/)
})
