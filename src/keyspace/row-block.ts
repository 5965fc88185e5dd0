import { crc32 } from 'node:zlib'
import { asBuffer, struct, u16, u32, u64 } from '#base'
import { leaseOf, revisionOf } from './change.ts'
import type { KeyValue } from './keyspace.ts'

/** What stands before each row of a block; key and value follow. `crc` covers the row behind it. */
const rowHead = struct({
  crc: u32,
  keyBytes: u16,
  zero: u16,
  valueBytes: u32,
  zeros: u32,
  createRevision: u64,
  modRevision: u64,
  version: u64,
  lease: u64,
})

/** Bytes of a row in a block. */
export function rowBytes(row: KeyValue): number {
  return rowHead.size + row.key.length + row.value.byteLength
}

/** Encodes rows one behind the other. */
export function encodeRows(rows: readonly KeyValue[]): Buffer {
  const block = Buffer.alloc(rows.reduce((sum, row) => sum + rowBytes(row), 0))
  let at = 0
  for (const row of rows) {
    const end = at + rowBytes(row)
    const head = { crc: 0, keyBytes: row.key.length, zero: 0, valueBytes: row.value.byteLength, zeros: 0 }
    const lease = row.lease ?? 0
    const { createRevision, modRevision, version } = row
    rowHead.write(block, { ...head, createRevision, modRevision, version, lease }, at)
    const valueAt = at + rowHead.size + block.write(row.key, at + rowHead.size, 'latin1')
    block.set(row.value, valueAt)
    block.writeUInt32LE(crc32(block.subarray(at + 4, end)), at)
    at = end
  }
  return block
}

/** The rows of a block, or undefined when a byte of it is not what was written. Values share its memory. */
export function decodeRows(bytes: Uint8Array): KeyValue[] | undefined {
  const block = asBuffer(bytes)
  const rows: KeyValue[] = []
  for (let at = 0; at < block.byteLength; ) {
    if (at + rowHead.size > block.byteLength) return undefined
    const head = rowHead.read(block, at)
    const keyAt = at + rowHead.size
    const valueAt = keyAt + head.keyBytes
    const end = valueAt + head.valueBytes
    if (end > block.byteLength || crc32(block.subarray(at + 4, end)) !== head.crc) return undefined
    rows.push({
      key: block.toString('latin1', keyAt, valueAt),
      value: block.subarray(valueAt, end),
      createRevision: revisionOf(head.createRevision),
      modRevision: revisionOf(head.modRevision),
      version: head.version,
      lease: head.lease === 0 ? undefined : leaseOf(head.lease),
    })
    at = end
  }
  return rows
}
