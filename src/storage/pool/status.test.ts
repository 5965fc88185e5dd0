import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from './methods.ts'
import { statusOf } from './status.ts'
import type { PoolView } from './view.ts'

function viewOf(names: readonly string[]): PoolView {
  const [own = '', ...others] = names
  const fixed = { name: 'v', isAlone: false, lost: new Set(), wantedCopies: 2, stateOf: () => 'Online' }
  return { ...fixed, own, others } as unknown as PoolView
}

function report(aloneChunks: number): Report {
  const none = { missing: [], isCut: false, alone: [], misplacedChunks: 0, damagedChunks: 0, bytesPerSecond: 0 }
  const unheld = { lostChunks: 0, awayChunks: 0 }
  return { ...none, ...unheld, view: 'v', chunks: 9, bytes: 9, aloneChunks, freeBytes: 1, totalBytes: 2 }
}

test('a machine is not safe to unplug while another has damage that it may have to put right', () => {
  const reports = new Map([
    ['m0', report(0)],
    ['m1', { ...report(0), damagedChunks: 1 }],
    ['m2', { ...report(0), chunks: 0 }],
  ])
  const { machines } = statusOf(viewOf(['m0', 'm1', 'm2']), reports)
  assert.deepEqual(
    machines.map(({ isSafeToUnplug }) => isSafeToUnplug),
    [false, true, true],
  )
})

test('what files need and nobody has comes first, with the machine that knows of which files it is', () => {
  const reports = new Map([
    ['m0', { ...report(0), lostChunks: 234, awayChunks: 1 }],
    ['m1', { ...report(3) }],
  ])
  const { sentence, isSafe, lostChunks, awayChunks } = statusOf(viewOf(['m0', 'm1']), reports)
  assert.equal(
    sentence,
    'Data is missing: 234 chunks that files need are on no machine (of which files: cairn doctor on m0); 1 chunk that files need is on no machine that answers (of which files: cairn doctor on m0); 3 chunks are lost if m1 dies now.',
  )
  assert.deepEqual([isSafe, lostChunks, awayChunks], [false, 234, 1])
  const away = statusOf(viewOf(['m0']), new Map([['m0', { ...report(0), awayChunks: 2 }]]))
  assert.match(away.sentence, /^Data is at risk: 2 chunks that files need are on no machine that answers/)
  assert.equal(away.isSafe, false)
})

const nameOf = (index: number) => `machine-${index}.${'x'.repeat(200)}`

test('machines with which something is lost are named, the worst first', () => {
  const reports = new Map([1, 0, 7].map((count, index) => [`m${index}`, report(count)] as const))
  const { sentence, machines } = statusOf(viewOf(['m0', 'm1', 'm2']), reports)
  assert.equal(sentence, 'Data is at risk: 7 chunks are lost if m2 dies now; 1 chunk is lost if m0 dies now.')
  assert.deepEqual(
    machines.map(({ name, chunksAlone }) => [name, chunksAlone]),
    [
      ['m0', 1],
      ['m1', 0],
      ['m2', 7],
    ],
  )
})

test('of a thousand machines it is one sentence that fits its message', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => nameOf(index))
  const half = new Map(names.slice(0, 500).map((name, index) => [name, report(index)] as const))
  const { sentence } = statusOf(viewOf(names), half)
  assert.match(
    sentence,
    /^Data is at risk: machine-500.* and 490 more still comparing; 499 chunks are lost if machine-499/,
  )
  assert.match(sentence, /; so it is with 489 more machines\.$/)
  assert.ok(sentence.length < 10_000, `${sentence.length} characters`)
})

test('what has not been compared is not called safe, and nobody says how long what does not move takes', () => {
  const reports = new Map([
    ['m0', report(0)],
    ['m1', { ...report(0), view: '' }],
  ])
  const { sentence } = statusOf(viewOf(['m0', 'm1']), reports)
  assert.equal(sentence, 'It is not known yet whether all data is safe: m1 still comparing.')
  const missing = [{ group: 1, machine: 'm1', chunks: 2, bytes: 300 }]
  const says = (bytesPerSecond: number) => {
    const owing = new Map([
      ['m0', { ...report(0), missing, bytesPerSecond }],
      ['m1', report(0)],
    ])
    return statusOf(viewOf(['m0', 'm1']), owing).sentence
  }
  assert.equal(says(0), 'Data is safe, but not all copies are there: 2 copies missing, being made.')
  assert.equal(says(100), 'Data is safe, but not all copies are there: 2 copies missing, being made, about 3 s to go.')
})
