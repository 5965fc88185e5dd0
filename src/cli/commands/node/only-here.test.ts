import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeRow } from '#cluster'
import type { CopiesStatus } from '#rpc'
import { lossLine, onlyHere, onlyHereText } from './only-here.ts'

function node(name: string, filesystemsOnlyHere: readonly string[] = []): NodeRow {
  const fixed = { role: 'node', zone: '', state: 'Online', addresses: [], isOwn: false, isConnected: true } as const
  return { ...fixed, name, disks: 1, capacityMiB: 1, filesystemsOnlyHere }
}

function copies(alone: Readonly<Record<string, number>>, unknown: readonly string[] = []): CopiesStatus {
  const counts = {
    missingCopies: 0,
    missingBytes: 0,
    owingGroups: 0,
    damagedChunks: 0,
    lostChunks: 0,
    awayChunks: 0,
    misplacedChunks: 0,
  }
  const machines = Object.entries(alone).map(([name, chunksAlone]) => {
    return { name, chunks: 900, bytes: 0, missingCopies: 0, chunksAlone, isSafeToUnplug: false }
  })
  return { sentence: '', isSafe: true, ...counts, bytesPerSecond: 0, unknown, machines }
}

const texts = (nodes: readonly NodeRow[], status: CopiesStatus) => onlyHere(nodes, status).map(onlyHereText)

test('what only one machine has stands in its row', () => {
  const nodes = [node('a'), node('b', ['home', 'music']), node('c'), node('d', ['photos'])]
  const status = copies({ a: 0, b: 0, c: 12, d: 1 })
  const expected = ['nothing', '0 chunks, names of home music', '12 chunks', '1 chunk, names of photos']
  assert.deepEqual(texts(nodes, status), expected)
  assert.equal(lossLine(onlyHere(nodes, status)), '\nWhich files are only on b: cairn fs stat --if-lost b\n')
  assert.equal(lossLine(onlyHere([node('a'), node('b')], copies({ a: 0, b: 0 }))), '')
})

test('what a machine does not say, or compares still, is not known', () => {
  assert.deepEqual(texts([node('a'), node('b'), node('c', ['home'])], copies({ a: 3, c: 0 }, ['a', 'b', 'c'])), [
    '-',
    '-',
    'chunks?, names of home',
  ])
})

test('all is only there where there is one machine', () => {
  assert.deepEqual(texts([node('a')], copies({ a: 0 })), ['900 chunks'])
  assert.equal(lossLine(onlyHere([node('a')], copies({ a: 0 }))), '')
})
