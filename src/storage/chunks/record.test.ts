import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isFault } from '#base'
import {
  checkTable,
  decodeHeader,
  decodeStates,
  encodeHeader,
  encodeStates,
  hashOf,
  plainChecks,
  type RecordHeader,
  recordBytes,
  seedChecks,
} from './record.ts'
import { readSegmentHeader, segmentHeader } from './segment-header.ts'

const body = Buffer.from('hello, chunk')
const header: RecordHeader = {
  kind: 'chunk',
  codec: 'raw',
  state: 'held',
  plainBytes: 12,
  storedBytes: 12,
  durableBytes: 64,
  segment: 7,
  salt: 0x0123456789abcdefn,
  digest: hashOf(body),
}
const GOLDEN_HEADER =
  '4348523101000000000000000c0000000c000000400000000700000073ba66513fb2ccbd41856d729b68aa6edc1b70afa23f136c04c9478f63706adc00000000000000000000000000000000efcdab89674523010000000000000000d76c5885'
const GOLDEN_SEGMENT =
  '534547310100000007000000efcdab8967452301000000000000000000000000000000000000000000000000000000000000000000000000000000000f689b45'
const GOLDEN_TABLE = '5646fa07'
const GOLDEN_STATES = '73ba66513fb2ccbd41856d729b68aa6edc1b70afa23f136c04c9478f63706adc07000000400000000c00000002000000'
const states = [{ digest: header.digest, segment: 7, offset: 64, plainBytes: 12, state: 'condemned' } as const]

test('checks made before the name is known become the same table', () => {
  for (const bytes of [1, 12, 16_383, 16_384, 16_385, 100_000, 2 ** 20]) {
    const content = randomBytes(bytes)
    const digest = hashOf(content)
    const table = seedChecks(plainChecks(content), digest, bytes)
    assert.equal(table.toString('hex'), checkTable(content, digest).toString('hex'), `${bytes} bytes`)
  }
})

test('a record of version 1 has these bytes', () => {
  assert.equal(encodeHeader(header).toString('hex'), GOLDEN_HEADER)
  assert.equal(checkTable(body, header.digest).toString('hex'), GOLDEN_TABLE)
  assert.equal(segmentHeader(7, header.salt).toString('hex'), GOLDEN_SEGMENT)
  assert.equal(encodeStates(states).toString('hex'), GOLDEN_STATES)
  assert.equal(recordBytes(12), 128)
})

test('what is encoded decodes', () => {
  assert.deepEqual(decodeHeader(encodeHeader(header)), header)
  assert.deepEqual(decodeStates(encodeStates(states)), states)
})

test('a header with any bit flipped is no header', () => {
  const bytes = encodeHeader(header)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    assert.equal(decodeHeader(bytes), undefined)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
  }
})

test('newer records and segments, and sealed records, are refused by name', async () => {
  const { crc32 } = await import('node:zlib')
  const changed = (bytes: Buffer, at: number, value: number): Buffer => {
    bytes[at] = value
    bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
    return bytes
  }
  const newer = changed(encodeHeader(header), 4, 2)
  assert.throws(
    () => decodeHeader(newer),
    error => isFault(error, 'NewerVersion') && error.hint !== undefined,
  )
  const sealed = changed(encodeHeader(header), 8, 1)
  assert.throws(
    () => decodeHeader(sealed),
    error => isFault(error, 'Unsupported') && /seal/.test(error.message),
  )
  const segment = changed(segmentHeader(7, 1n), 4, 2)
  const file = { read: (into: Uint8Array) => segment.copy(into) }
  assert.throws(
    () => readSegmentHeader(file, 7),
    error => isFault(error, 'NewerVersion'),
  )
})
