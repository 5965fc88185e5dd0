import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLOCK_MEMORY_BYTES } from '../limits.ts'
import { Block } from './block.ts'
import { BlockMemory } from './block-memory.ts'

const MIB = 2 ** 20

test('memory that was given back is used again, and what was in it is not seen', () => {
  const memory = new BlockMemory()
  const first = Block.empty(0, MIB, memory)
  first.write(300_000, Buffer.alloc(100_000, 'a'))
  const bytes = first.bytesOf({ start: 300_000, end: 400_000 }).buffer
  first.release()
  assert.deepEqual([first.capacity, first.spans], [0, []])
  const second = Block.empty(7, MIB, memory)
  second.write(500_000, Buffer.from('b'))
  const [span] = second.spans
  assert.deepEqual(second.spans, [{ start: 500_000, end: 500_001 }])
  assert.equal(second.bytesOf(span!).buffer, bytes)
  assert.equal(Buffer.from(second.bytesOf(span!)).toString(), 'b')
})

test('a block that grows keeps what is written in it, and one that takes another has both', () => {
  const memory = new BlockMemory()
  const block = Block.empty(0, MIB, memory)
  for (const at of [0, 5000, 70_000, 900_000]) block.write(at, Buffer.from(`at ${at}`))
  const newer = Block.empty(0, MIB, memory)
  newer.write(5000, Buffer.from('NEW'))
  block.take(newer)
  const shown = block.spans.map(span => Buffer.from(block.bytesOf(span)).toString())
  assert.deepEqual(shown, ['at 0', 'NEW5000', 'at 70000', 'at 900000'])
  assert.equal(newer.capacity, 0)
})

test('no more memory is kept than its limit', () => {
  const memory = new BlockMemory()
  const all = Array.from({ length: BLOCK_MEMORY_BYTES / MIB + 3 }, () => memory.take(MIB))
  for (const each of all) memory.give(each)
  const again = all.map(() => memory.take(MIB))
  assert.equal(again.filter(each => all.includes(each)).length, BLOCK_MEMORY_BYTES / MIB)
})
