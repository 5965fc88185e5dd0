import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { assert, bytesOf, type Digest, digestOf, raw, type StructOf, struct, u8, u16, u32, u64big } from '#base'
import { chunkFault } from './faults.ts'
import { BLOCK_BYTES, CHUNK_BYTES_MAX, RECORD_ALIGN_BYTES } from './limits.ts'

/** What a record is for: a chunk; a batch of state changes; a stretch to skip. */
export type RecordKind = 'chunk' | 'states' | 'void'
/** How a body is stored. */
export type Codec = 'raw' | 'zstd'
/**
 * What a chunk's record counts as. `held`: a full copy. `cached`: may be dropped at any time. `condemned`: on its way
 * to deletion. `quarantined`: failed verification. Only `held` answers `has`.
 */
export type ChunkState = 'held' | 'cached' | 'condemned' | 'quarantined'
/** A state, or the end of a record. */
export type StateChange = ChunkState | 'deleted'

/** What a record says about itself. `durable`: bytes of its segment known durable when it was written. */
export interface RecordHeader {
  readonly kind: RecordKind
  readonly codec: Codec
  readonly state: ChunkState
  readonly plainBytes: number
  readonly storedBytes: number
  readonly durableBytes: number
  readonly segment: number
  /** The same in all records of a segment, and random, so that file content is never taken for a record. */
  readonly salt: bigint
  readonly digest: Digest
}

/** The segment in a {@link StateEntry} that stands for a chunk whose body is gone: the entry is all there is of it. */
export const NO_SEGMENT = 0

/** One change inside a record of states: the record at this place is in this state from here on. */
export interface StateEntry {
  readonly digest: Digest
  readonly segment: number
  readonly offset: number
  readonly state: StateChange
  readonly plainBytes: number
}

const MAGIC = 0x31524843 // 'CHR1'
const VERSION = 1
const KINDS: readonly RecordKind[] = ['chunk', 'states', 'void']
const CODECS: readonly Codec[] = ['raw', 'zstd']
const STATES: readonly StateChange[] = ['held', 'cached', 'condemned', 'quarantined', 'deleted']

const layout = struct({
  magic: u32,
  version: u16,
  kind: u8,
  codec: u8,
  seal: u8, // 0 none, 1 AES-256-GCM
  state: u8,
  reserved: u16,
  plainBytes: u32,
  storedBytes: u32,
  durableBytes: u32,
  segment: u32,
  digest: raw(32),
  keyId: raw(16),
  salt: u64big,
  padding: raw(8),
  check: u32,
})
const entryLayout = struct({ digest: raw(32), segment: u32, offset: u32, plainBytes: u32, state: u8, reserved: raw(3) })

/** Bytes of a record before its body. */
export const RECORD_HEADER_BYTES = layout.size
/** Bytes of one {@link StateEntry} in a body. */
export const STATE_ENTRY_BYTES = entryLayout.size
assert(RECORD_HEADER_BYTES === 96 && STATE_ENTRY_BYTES === 48, 'the layout of version 1 is fixed')

const NO_KEY = new Uint8Array(16)
const NO_PADDING = new Uint8Array(8)
const NO_CRC_BYTES = layout.offsets.check

/** Encodes a header of version 1. */
export function encodeHeader(header: RecordHeader): Buffer {
  const bytes = layout.bytes({
    magic: MAGIC,
    version: VERSION,
    kind: KINDS.indexOf(header.kind),
    codec: CODECS.indexOf(header.codec),
    seal: 0,
    state: STATES.indexOf(header.state),
    reserved: 0,
    plainBytes: header.plainBytes,
    storedBytes: header.storedBytes,
    durableBytes: header.durableBytes,
    segment: header.segment,
    digest: bytesOf(header.digest),
    keyId: NO_KEY,
    salt: header.salt,
    padding: NO_PADDING,
    check: 0,
  })
  bytes.writeUInt32LE(crc32(bytes.subarray(0, NO_CRC_BYTES)), NO_CRC_BYTES)
  return bytes
}

/** Decodes a header; undefined when there is no intact one. Faults: NewerVersion, Unsupported. */
export function decodeHeader(bytes: Uint8Array, offset = 0): RecordHeader | undefined {
  if (bytes[offset] !== (MAGIC & 0xff) || offset + RECORD_HEADER_BYTES > bytes.byteLength) return undefined
  const fields = layout.read(bytes, offset)
  if (fields.magic !== MAGIC) return undefined
  if (fields.check !== crc32(bytes.subarray(offset, offset + NO_CRC_BYTES))) return undefined
  if (fields.version > VERSION) {
    throw chunkFault('NewerVersion', `a chunk record has version ${fields.version}`, {
      hint: `Start a Cairn that knows chunk records of version ${fields.version}.`,
    })
  }
  return headerOf(fields)
}

function headerOf(fields: StructOf<typeof layout>): RecordHeader | undefined {
  if (fields.seal !== 0) throw chunkFault('Unsupported', 'Unsupported: seal aes-256-gcm of a chunk record')
  const kind = KINDS[fields.kind]
  const codec = CODECS[fields.codec]
  const state = STATES[fields.state]
  if (codec === undefined) throw chunkFault('Unsupported', `Unsupported: codec ${fields.codec} of a chunk record`)
  if (kind === undefined || state === undefined || state === 'deleted') return undefined
  if (kind !== 'void' && fields.storedBytes > CHUNK_BYTES_MAX) return undefined
  const { plainBytes, storedBytes, durableBytes, segment, salt } = fields
  const digest = digestOf(fields.digest)
  return { kind, codec, state, plainBytes, storedBytes, durableBytes, segment, salt, digest }
}

/** Bytes that a record takes in its segment. */
export function recordBytes(storedBytes: number): number {
  return align(RECORD_HEADER_BYTES + storedBytes + tableBytes(storedBytes))
}

/** Bytes that a whole record with this header takes; a void one has no table. */
export function spanBytes(header: RecordHeader): number {
  return header.kind === 'void' ? align(RECORD_HEADER_BYTES + header.storedBytes) : recordBytes(header.storedBytes)
}

/** Bytes of the table of block checks behind a body. */
export function tableBytes(storedBytes: number): number {
  return Math.ceil(storedBytes / BLOCK_BYTES) * 4
}

/** What the checks of a chunk's blocks start from, so that a block of another chunk never passes. */
export function checkSeed(digest: Digest): number {
  const at = (index: number): number => digest.charCodeAt(index)
  return (at(0) | (at(1) << 8) | (at(2) << 16) | (at(3) << 24)) >>> 0
}

/** The check of one block: CRC-32 begun with seed plus the number of the block. */
export function blockCheck(block: Uint8Array, seed: number, number: number): number {
  return crc32(block, (seed + number) >>> 0)
}

/** The table of checks of a body. */
export function checkTable(body: Uint8Array, digest: Digest): Buffer {
  const table = Buffer.allocUnsafe(tableBytes(body.byteLength))
  const seed = checkSeed(digest)
  for (let number = 0; number * 4 < table.byteLength; number++) {
    const block = body.subarray(number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES)
    table.writeUInt32LE(blockCheck(block, seed, number), number * 4)
  }
  return table
}

/** The CRC-32 of each block of a body: what {@link seedChecks} makes its table from, once its name is known. */
export function plainChecks(body: Uint8Array): Buffer {
  const checks = Buffer.allocUnsafe(tableBytes(body.byteLength))
  for (let number = 0; number * 4 < checks.byteLength; number++) {
    const block = body.subarray(number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES)
    checks.writeUInt32LE(crc32(block), number * 4)
  }
  return checks
}

/** The same table as {@link checkTable} makes of a body of this length whose blocks have these plain CRCs. */
export function seedChecks(checks: Uint8Array, digest: Digest, storedBytes: number): Buffer {
  const table = Buffer.allocUnsafeSlow(checks.byteLength)
  table.set(checks)
  const seed = checkSeed(digest)
  for (let number = 0; number * 4 < table.byteLength; number++) {
    const blockBytes = Math.min(storedBytes - number * BLOCK_BYTES, BLOCK_BYTES)
    const begun = seedEffect((seed + number) >>> 0, blockBytes)
    table.writeUInt32LE((table.readUInt32LE(number * 4) ^ begun) >>> 0, number * 4)
  }
  return table
}

// A CRC is linear: what its start does to its end depends on the length alone, bit by bit.
function seedEffect(seed: number, blockBytes: number): number {
  if (blockBytes < BLOCK_BYTES) return bitEffect(seed, blockBytes)
  wholeBlockEffects ??= Array.from({ length: 32 }, (_, bit) => bitEffect((1 << bit) >>> 0, BLOCK_BYTES))
  let effect = 0
  for (let bit = 0; bit < 32; bit++) if ((seed >>> bit) & 1) effect ^= wholeBlockEffects[bit] ?? 0
  return effect
}

function bitEffect(seed: number, bytes: number): number {
  const zeros = ZEROS.subarray(0, bytes)
  return crc32(zeros, seed) ^ crc32(zeros)
}

const ZEROS = new Uint8Array(BLOCK_BYTES)
let wholeBlockEffects: number[] | undefined

/** The name of these bytes. */
export function hashOf(bytes: Uint8Array): Digest {
  return digestOf(createHash('sha256').update(bytes).digest())
}

/** Encodes the body of a record of states. */
export function encodeStates(entries: readonly StateEntry[]): Buffer {
  const body = Buffer.alloc(entries.length * STATE_ENTRY_BYTES)
  for (const [number, entry] of entries.entries()) {
    const fields = {
      ...entry,
      digest: bytesOf(entry.digest),
      state: STATES.indexOf(entry.state),
      reserved: NO_ENTRY_PADDING,
    }
    entryLayout.write(body, fields, number * STATE_ENTRY_BYTES)
  }
  return body
}

const NO_ENTRY_PADDING = new Uint8Array(3)

/** Decodes a verified body of a record of states. */
export function decodeStates(body: Uint8Array): StateEntry[] {
  const entries: StateEntry[] = []
  for (let at = 0; at + STATE_ENTRY_BYTES <= body.byteLength; at += STATE_ENTRY_BYTES) {
    const { digest, segment, offset, plainBytes, state } = entryLayout.read(body, at)
    const change = STATES[state]
    assert(change !== undefined, 'a verified state record names a known state')
    entries.push({ digest: digestOf(digest), segment, offset, plainBytes, state: change })
  }
  return entries
}

/** The next multiple of the alignment of records. */
export function align(bytes: number): number {
  return Math.ceil(bytes / RECORD_ALIGN_BYTES) * RECORD_ALIGN_BYTES
}
