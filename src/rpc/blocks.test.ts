import assert from 'node:assert/strict'
import { test } from 'node:test'
import { giveBack, takeBlock } from './blocks.ts'
import { BODY_BYTES_MAX } from './limits.ts'

test('the memory of a body that came back is used again, once', () => {
  const first = takeBlock(BODY_BYTES_MAX)
  const { buffer } = first
  giveBack(first)
  giveBack(first)
  assert.equal(takeBlock(BODY_BYTES_MAX - 1).buffer, buffer)
  assert.notEqual(takeBlock(BODY_BYTES_MAX).buffer, buffer)
})

test('what is small, too large or a part of something else is left to the collector', () => {
  for (const bytes of [takeBlock(10), takeBlock(BODY_BYTES_MAX + 1), takeBlock(BODY_BYTES_MAX).subarray(1)]) {
    giveBack(bytes)
    assert.notEqual(takeBlock(BODY_BYTES_MAX).buffer, bytes.buffer)
  }
})
