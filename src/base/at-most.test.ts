import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LRUCache } from 'lru-cache'
import { atMost } from './at-most.ts'

test('a cache of at most so many entries drops what was not used for longest', () => {
  const cache = new LRUCache<number, string>(atMost(2))
  for (const i of [1, 2]) cache.set(i, `${i}`)
  assert.equal(cache.get(1), '1')
  cache.set(3, '3')
  cache.set(3, 'again')
  assert.deepEqual([...cache.keys()], [3, 1])
})

test('it takes no memory before it is filled', () => {
  const before = process.memoryUsage().heapUsed
  const caches = Array.from({ length: 100 }, () => new LRUCache<number, string>(atMost(100_000)))
  assert.ok(process.memoryUsage().heapUsed - before < 2 ** 20 * 10, 'with `max` it is 150 MB')
  assert.equal(caches.length, 100)
})
