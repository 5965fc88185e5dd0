import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { compressed } from './compress.ts'

test('what is compressed is taken no faster than it is read, and let go when its reader leaves', async () => {
  let taken = 0
  let isLeft = false
  const pieces = async function* () {
    try {
      for (; taken < 1000; taken += 1) yield randomBytes(64 * 1024)
    } finally {
      isLeft = true
    }
  }
  for await (const piece of compressed(pieces())) {
    assert(piece.byteLength > 0)
    break
  }
  assert(taken < 20, String(taken))
  assert(isLeft)
})

test('what breaks off while it is compressed is not taken for whole', async () => {
  const broken = async function* () {
    yield Buffer.from('a')
    throw new Error('broken')
  }
  await assert.rejects(Array.fromAsync(compressed(broken())), /broken/)
  const whole = await Array.fromAsync(compressed([Buffer.from('a'), Buffer.from('b')]))
  assert.equal(gunzipSync(Buffer.concat(whole)).toString(), 'ab')
})
