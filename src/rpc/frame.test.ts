import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base'
import { encodeFrame, FRAME, type Frame, FrameReader } from './frame.ts'
import { FRAME_BYTES_MAX } from './limits.ts'
import { encodeHead } from './message.ts'

test('a frame has the bytes it always had', () => {
  const frame = itemOf(258, encodeHead({ path: '/a' }), Buffer.from([1, 2, 3]))
  assert.equal(
    Buffer.concat(frame).toString('hex'),
    '0c000000' + '0900' + '03' + '00' + '02010000' + '81a470617468a22f61' + '010203',
  )
})

test('a time in nanoseconds is an int64 and undefined fields are left out', () => {
  assert.equal(Buffer.from(encodeHead({ a: -5n, b: undefined })).toString('hex'), '81a161' + 'd3fffffffffffffffb')
})

test('frames come out whole and in order however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (bodies, cuts) => {
        const whole = Buffer.concat(bodies.flatMap((body, index) => itemOf(index + 1, encodeHead(index), body)))
        const frames = cut(whole, cuts)
        assert.deepEqual(
          frames.map(frame => frame.stream),
          bodies.map((_, index) => index + 1),
        )
        assert.deepEqual(
          frames.map(frame => Buffer.from(frame.body)),
          bodies.map(body => Buffer.from(body)),
        )
      },
    ),
    { numRuns: 200 },
  )
})

test('a frame that arrives byte by byte is read', () => {
  const body = Buffer.alloc(5000, 7)
  const bytes = Buffer.concat(itemOf(1, encodeHead('head'), body))
  const frames = cut(
    bytes,
    Array.from(bytes, () => 1),
  )
  assert.deepEqual(Buffer.from(frames[0]!.body), body)
})

test('a claim of too many bytes, a head longer than its frame and unknown flags are refused', () => {
  const header = (bytes: number, headBytes: number, flags: number) => {
    const buffer = Buffer.alloc(12)
    buffer.writeUInt32LE(bytes, 0)
    buffer.writeUInt16LE(headBytes, 4)
    buffer[7] = flags
    return buffer
  }
  for (const bad of [header(FRAME_BYTES_MAX + 1, 0, 0), header(3, 4, 0), header(3, 0, 2)]) {
    assert.throws(
      () => [...new FrameReader().push(bad)],
      error => isFault(error, 'BadFrame'),
    )
  }
})

function cut(bytes: Uint8Array, sizes: Iterable<number>): Frame[] {
  const reader = new FrameReader()
  const frames: Frame[] = []
  let position = 0
  for (const size of sizes) {
    if (position >= bytes.byteLength) break
    frames.push(...reader.push(bytes.subarray(position, position + size)))
    position += size
  }
  return frames
}

function itemOf(stream: number, head: Uint8Array, body: Uint8Array): readonly Uint8Array[] {
  return encodeFrame({ kind: FRAME.item, flags: 0, stream, head, body })
}
