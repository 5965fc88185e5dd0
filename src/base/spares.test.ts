import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Spares } from './spares.ts'

test('memory is used again by its size, and not more of it is kept than is allowed', () => {
  const spares = new Spares<Uint8Array>(300)
  const [a, b] = [new Uint8Array(100), new Uint8Array(200)]
  for (const memory of [a, b, new Uint8Array(1)]) spares.give(memory.byteLength, memory)
  assert.deepEqual([spares.has(100, a), spares.take(1)], [true, undefined])
  assert.equal(spares.take(100), a)
  assert.equal(spares.take(100), undefined)
  assert.equal(spares.take(200), b)
})

test('what nobody uses goes with the next collection, and leaves room', async () => {
  const spares = new Spares<Uint8Array>(300)
  spares.give(300, new Uint8Array(300))
  await new Promise(resolve => setImmediate(resolve)) // until then a WeakRef keeps what it was made for
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  assert.ok(typeof collect === 'function')
  collect()
  const next = new Uint8Array(300)
  spares.give(300, next)
  assert.equal(spares.take(300), next)
  assert.equal(spares.take(300), undefined)
})
