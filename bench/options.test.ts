import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions } from './options.ts'

test('nothing said means every row on every target, three rounds', () => {
  const options = readOptions([])
  assert.ok(typeof options !== 'string')
  assert.deepEqual([options.rows, options.rounds, options.targets.length, options.output], [[], 3, 4, 'table'])
})

test('names come one by one or with commas', () => {
  const options = readOptions(['--rows', 'memory,unlink', '--rows', 'growth', '--quick', '-o', 'json'])
  assert.ok(typeof options !== 'string')
  assert.deepEqual(options.rows, ['memory', 'unlink', 'growth'])
  assert.deepEqual([options.rounds, options.output], [1, 'json'])
})

test('what is wrong is named', () => {
  const wrong: readonly (readonly [words: string[], complaint: RegExp])[] = [
    [['--rows', 'speed'], /no rows are named speed/],
    [['--targets', 'zfs'], /no target is named zfs/],
    [['--rounds', '0'], /--rounds wants/],
    [['-o', 'xml'], /-o wants/],
    [['--fast'], /--fast/],
  ]
  for (const [words, complaint] of wrong) {
    const answer = readOptions(words)
    assert.ok(typeof answer === 'string')
    assert.match(answer, complaint)
  }
})
