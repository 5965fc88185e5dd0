import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counts } from './counts.ts'

test('each may have so many, and who has none is forgotten', () => {
  const counts = new Counts()
  const [one, two] = [counts.enter('a', 2), counts.enter('a', 2)]
  assert.equal(counts.enter('a', 2), undefined)
  const other = counts.enter('b', 2)
  assert.equal(counts.size, 2)
  one?.()
  const again = counts.enter('a', 2)
  assert.ok(again)
  for (const leave of [two, other, again]) leave?.()
  assert.equal(counts.size, 0)
})
