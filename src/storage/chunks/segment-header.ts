import { crc32 } from 'node:zlib'
import { assert, digestOf, raw, struct, u16, u32, u64big } from '#base'
import type { Readable } from './blocks.ts'
import { chunkFault } from './faults.ts'
import { encodeHeader } from './record.ts'

const MAGIC = 0x31474553 // 'SEG1'
const VERSION = 1
const layout = struct({
  magic: u32,
  version: u16,
  reserved: u16,
  segment: u32,
  salt: u64big,
  padding: raw(40),
  check: u32,
})
const CHECKED_BYTES = layout.offsets.check
const NO_PADDING = new Uint8Array(40)
const NO_DIGEST = digestOf(new Uint8Array(32))

/** Bytes of a segment before its first record. */
export const SEGMENT_HEADER_BYTES = layout.size
assert(SEGMENT_HEADER_BYTES === 64, 'the segment header of version 1 is fixed')

/** Encodes the header of a segment. */
export function segmentHeader(segment: number, salt: bigint): Buffer {
  const fields = { magic: MAGIC, version: VERSION, reserved: 0, segment, salt, padding: NO_PADDING, check: 0 }
  const bytes = layout.bytes(fields)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKED_BYTES)), CHECKED_BYTES)
  return bytes
}

/** The salt in the header of segment `number`; undefined when the header is damaged. Faults: NewerVersion. */
export function readSegmentHeader(file: Readable, number: number): bigint | undefined {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  if (file.read(bytes, 0) < SEGMENT_HEADER_BYTES) return undefined
  const fields = layout.read(bytes)
  if (fields.magic !== MAGIC || fields.check !== crc32(bytes.subarray(0, CHECKED_BYTES))) return undefined
  if (fields.version > VERSION) {
    const hint = `Start a Cairn that knows segments of version ${fields.version}.`
    throw chunkFault('NewerVersion', `chunk segment ${number} has version ${fields.version}`, { hint })
  }
  return fields.segment === number ? fields.salt : undefined
}

/** A record that tells a scan to skip the bytes behind it. */
export function voidHeader(skip: VoidSkip): Buffer {
  const { segment, durableBytes, salt, bytesToSkip } = skip
  const rest = { segment, durableBytes, salt, plainBytes: 0, storedBytes: bytesToSkip, digest: NO_DIGEST }
  return encodeHeader({ kind: 'void', codec: 'raw', state: 'held', ...rest })
}

/** Where a void record lies and how much follows its header. */
export interface VoidSkip {
  readonly segment: number
  readonly durableBytes: number
  readonly salt: bigint
  readonly bytesToSkip: number
}
