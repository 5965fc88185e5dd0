import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableOf } from './report/table.ts'
import { Collection } from './results.ts'
import type { Row } from './scenario.ts'
import type { Target } from './targets/target.ts'
import { judge } from './verdict.ts'

const rate: Row = { id: 'rate', title: 'a rate', unit: '/s', better: 'higher', goal: { peers: 1.5 } }
const time: Row = { id: 'time', title: 'a time', unit: 's', better: 'lower', goal: { atMost: 0.1, disk: 0.5 } }
const truth = { content: 1, rewrite: 1, create: 1 }

test('a goal against peers is against the better one of them', () => {
  const results = collected(rate, { cairn: 300, glusterfs: 100, moosefs: 250 })
  assert.equal(judge(rate, results).outcome, 'missed')
  assert.equal(judge(rate, collected(rate, { cairn: 300, glusterfs: 100, moosefs: 200 })).outcome, 'met')
})

test('a ratio above one is good, also where less is better', () => {
  const { ratios } = judge(time, collected(time, { cairn: 2, disk: 1, moosefs: 8 }))
  assert.deepEqual(ratios, { disk: 0.5, moosefs: 4 })
})

test('every part of a goal must be met', () => {
  assert.equal(judge(time, collected(time, { cairn: 0.05, disk: 0.05 })).outcome, 'met')
  assert.equal(judge(time, collected(time, { cairn: 0.2, disk: 0.2 })).outcome, 'missed')
  assert.equal(judge(time, collected(time, { cairn: 0.05, disk: 0.01 })).outcome, 'missed')
})

test('a goal is open while nothing it is measured against took part', () => {
  assert.equal(judge(rate, collected(rate, { cairn: 300, disk: 1 })).outcome, 'open')
  assert.equal(judge(rate, collected(rate, { moosefs: 1 })).outcome, 'open')
})

test('a peer whose fsync does not reach the disk is shown but not compared with', () => {
  const row: Row = { ...rate, fsync: 'create' }
  const results = collected(row, { disk: 500, cairn: 300, glusterfs: 100, moosefs: 900 })
  const [moosefs] = results.participants.splice(3, 1)
  assert.ok(moosefs)
  results.participants.push({ ...moosefs, fsync: { ...truth, create: 0.2 } })
  const verdict = judge(row, results)
  assert.equal(verdict.outcome, 'met')
  assert.deepEqual(verdict.unlike, ['moosefs'])
  assert.match(tableOf(results), /a rate .* 900\*/)
})

test('the table is aligned, and says what is missing', () => {
  const results = collected(rate, { disk: 12_345, cairn: 300 })
  results.notes.push('moosefs is left out: not installed.')
  const text = tableOf(results)
  const [titles = '', line = ''] = text.split('\n')
  assert.equal(titles.indexOf('disk') + 'disk'.length, line.indexOf('12,345') + '12,345'.length)
  assert.match(text, /moosefs is left out/)
})

function collected(row: Row, values: Readonly<Partial<Record<Target['name'], number>>>): Collection {
  const results = new Collection()
  results.rows.push(row)
  for (const name of ['disk', 'cairn', 'glusterfs', 'moosefs'] as const) {
    const value = values[name]
    if (value === undefined) continue
    results.participants.push({ name, title: `the ${name}`, fsync: truth })
    results.add(row.id, name, value)
  }
  return results
}
