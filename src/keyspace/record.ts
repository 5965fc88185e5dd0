import { crc32 } from 'node:zlib'
import { asBuffer, assert, raw, struct, u8, u16, u32, u64 } from '#base'
import { type Change, leaseOf, revisionOf } from './change.ts'
import { keyspaceFault } from './faults.ts'
import type { Revision } from './keyspace.ts'
import { RECORD_BYTES_MAX } from './limits.ts'

/**
 * What stands before each record of the log. `crc` covers everything behind it and starts from the segment's salt, so
 * that a record copied inside a value is never taken for one of this segment. `durable` is the last revision that was
 * known to be synced when this one was written: it tells rot of a synced record from the loss of an unsynced one.
 */
export const recordHeader = struct({ magic: u32, crc: u32, bodyBytes: u32, changes: u32, revision: u64, durable: u64 })

const durableField = struct({ durable: u64 })

/** "CKrv" in the file. */
export const RECORD_MAGIC = 0x76724b43

const CRC_FROM = 8

const KIND = { put: 1, delete: 2, grant: 3, end: 4 } as const

const putHead = struct({
  kind: u8,
  zero: u8,
  keyBytes: u16,
  valueBytes: u32,
  createRevision: u64,
  version: u64,
  /** 0 for none. */
  lease: u64,
})
const deleteHead = struct({ kind: u8, zero: u8, keyBytes: u16, zeros: u32 })
const leaseHead = struct({ kind: u8, zeros: raw(3), ttlMs: u32, lease: u64 })
const zeros = Buffer.alloc(3)

assert(recordHeader.size === 32 && putHead.size === 32 && deleteHead.size === 8 && leaseHead.size === 16)

/** Encodes a revision, and makes its entries hold the record's copy of their values. Faults: TooLarge. */
export function encodeRecord(revision: Revision, changes: readonly Change[]): Buffer {
  let size = recordHeader.size
  for (const change of changes) size += changeBytes(change)
  if (size > RECORD_BYTES_MAX) {
    throw keyspaceFault('TooLarge', `one revision of ${size} bytes is more than ${RECORD_BYTES_MAX}`, {
      hint: 'Do the work in several smaller transactions.',
    })
  }
  const record = Buffer.allocUnsafeSlow(size) // whoever keeps a value of it keeps nothing else
  recordHeader.write(record, {
    magic: RECORD_MAGIC,
    crc: 0,
    bodyBytes: size - recordHeader.size,
    changes: changes.length,
    revision,
    durable: 0,
  })
  let at = recordHeader.size
  for (const change of changes) at = writeChange(record, change, at)
  return record
}

/** Completes a record for its place in the log. */
export function sealRecord(record: Buffer, salt: number, durable: Revision): void {
  durableField.write(record, { durable }, recordHeader.offsets.durable)
  record.writeUInt32LE(crc32(record.subarray(CRC_FROM), salt), recordHeader.offsets.crc)
}

/** The bytes of the record that starts at `at`, or undefined when no whole, valid record starts there. */
export function recordAt(bytes: Buffer, at: number, salt: number): Buffer | undefined {
  if (at + recordHeader.size > bytes.byteLength || bytes.readUInt32LE(at) !== RECORD_MAGIC) return undefined
  const size = recordHeader.size + bytes.readUInt32LE(at + recordHeader.offsets.bodyBytes)
  if (size > RECORD_BYTES_MAX || at + size > bytes.byteLength) return undefined
  const record = bytes.subarray(at, at + size)
  const stored = record.readUInt32LE(recordHeader.offsets.crc)
  return crc32(record.subarray(CRC_FROM), salt) === stored ? record : undefined
}

/** The revision in a record's header. */
export function revisionOfRecord(record: Buffer): Revision {
  return revisionOf(recordHeader.read(record).revision)
}

/** What a record did. Values share the record's memory; `previous` is never there. */
export function decodeChanges(record: Uint8Array): Change[] {
  const bytes = asBuffer(record)
  const head = recordHeader.read(bytes)
  const revision = revisionOf(head.revision)
  const changes: Change[] = []
  let at = recordHeader.size
  for (let i = 0; i < head.changes; i++) {
    const change = readChange(bytes, at, revision)
    changes.push(change)
    at += changeBytes(change)
  }
  assert(at === recordHeader.size + head.bodyBytes, 'a record ends with its last change')
  return changes
}

/** Splits records that stand one behind the other. */
export function* splitRecords(bytes: Uint8Array): Generator<Buffer> {
  const all = asBuffer(bytes)
  for (let at = 0; at < all.byteLength; ) {
    const size = recordHeader.size + all.readUInt32LE(at + recordHeader.offsets.bodyBytes)
    yield all.subarray(at, at + size)
    at += size
  }
}

function changeBytes(change: Change): number {
  if (change.kind === 'put') return putHead.size + change.entry.key.length + change.entry.value.byteLength
  if (change.kind === 'delete') return deleteHead.size + change.key.length
  return leaseHead.size
}

function writeChange(record: Buffer, change: Change, at: number): number {
  if (change.kind === 'put') return writePut(record, change.entry, at)
  if (change.kind === 'delete') {
    deleteHead.write(record, { kind: KIND.delete, zero: 0, keyBytes: change.key.length, zeros: 0 }, at)
    record.write(change.key, at + deleteHead.size, 'latin1')
    return at + deleteHead.size + change.key.length
  }
  const ttlMs = change.kind === 'grant' ? change.ttlMs : 0
  leaseHead.write(record, { kind: KIND[change.kind], zeros, ttlMs, lease: change.lease }, at)
  return at + leaseHead.size
}

function writePut(record: Buffer, entry: Extract<Change, { kind: 'put' }>['entry'], at: number): number {
  const valueBytes = entry.value.byteLength
  putHead.write(
    record,
    {
      kind: KIND.put,
      zero: 0,
      keyBytes: entry.key.length,
      valueBytes,
      createRevision: entry.createRevision,
      version: entry.version,
      lease: entry.lease ?? 0,
    },
    at,
  )
  const valueAt = at + putHead.size + record.write(entry.key, at + putHead.size, 'latin1')
  record.set(entry.value, valueAt)
  entry.value = record.subarray(valueAt, valueAt + valueBytes)
  return valueAt + valueBytes
}

function readChange(bytes: Buffer, at: number, revision: Revision): Change {
  const kind = bytes.readUInt8(at)
  if (kind === KIND.put) return readPut(bytes, at, revision)
  if (kind === KIND.delete) {
    const keyAt = at + deleteHead.size
    const key = bytes.toString('latin1', keyAt, keyAt + deleteHead.read(bytes, at).keyBytes)
    return { kind: 'delete', key, revision, previous: undefined }
  }
  const head = leaseHead.read(bytes, at)
  if (kind === KIND.grant) return { kind: 'grant', lease: leaseOf(head.lease), ttlMs: head.ttlMs }
  if (kind === KIND.end) return { kind: 'end', lease: leaseOf(head.lease) }
  throw keyspaceFault('NewerVersion', `a log record holds a change of the unknown kind ${kind}`, {
    hint: 'Start the version of the program that wrote this folder, or a newer one.',
  })
}

function readPut(bytes: Buffer, at: number, revision: Revision): Change {
  const head = putHead.read(bytes, at)
  const valueAt = at + putHead.size + head.keyBytes
  const entry = {
    key: bytes.toString('latin1', at + putHead.size, valueAt),
    value: bytes.subarray(valueAt, valueAt + head.valueBytes),
    createRevision: revisionOf(head.createRevision),
    modRevision: revision,
    version: head.version,
    lease: head.lease === 0 ? undefined : leaseOf(head.lease),
  }
  return { kind: 'put', entry, previous: undefined }
}
