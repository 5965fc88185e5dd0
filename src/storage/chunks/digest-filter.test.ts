import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type Digest, digestOf } from '#base'
import { DigestFilter } from './digest-filter.ts'

function digest(text: string): Digest {
  return digestOf(createHash('sha256').update(text).digest())
}

test('a filter has all that was added, and claims little else, other things with another salt', () => {
  const count = 20_000
  const filters = [new DigestFilter(count, 0), new DigestFilter(count, 1)]
  for (const filter of filters) for (let i = 0; i < count; i++) filter.add(digest(`in ${i}`))
  for (const filter of filters) for (let i = 0; i < count; i++) assert.ok(filter.mayHave(digest(`in ${i}`)))
  const strangers = Array.from({ length: count }, (_, i) => digest(`out ${i}`))
  const claimed = filters.map(filter => strangers.filter(each => filter.mayHave(each)))
  for (const each of claimed) assert.ok(each.length < count / 100, `${each.length} of ${count}`)
  assert.ok(claimed[0]!.filter(each => claimed[1]!.includes(each)).length <= 5)
})

test('a filter that is too small claims more and forgets nothing', () => {
  const filter = new DigestFilter(1, 3)
  for (let i = 0; i < 5000; i++) filter.add(digest(`in ${i}`))
  for (let i = 0; i < 5000; i++) assert.ok(filter.mayHave(digest(`in ${i}`)))
})

test('a filter that travelled is the same', () => {
  const filter = new DigestFilter(3000, 5)
  for (let i = 0; i < 3000; i++) filter.add(digest(`in ${i}`))
  const other = DigestFilter.of(Uint8Array.from(filter.bytes), 5)
  for (let i = 0; i < 6000; i++) {
    for (const each of [digest(`in ${i}`), digest(`out ${i}`)]) assert.equal(other.mayHave(each), filter.mayHave(each))
  }
  assert.throws(() => DigestFilter.of(new Uint8Array(1000), 5), RangeError)
})
