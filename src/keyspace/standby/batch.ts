import { crc32 } from 'node:zlib'
import { asBuffer, isFault } from '#base'
import type { Change } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import type { LogRecord, Revision } from '../keyspace.ts'
import { RECORD_BYTES_MAX } from '../limits.ts'
import { decodeChanges, RECORD_MAGIC, recordHeader } from '../record.ts'

/** Records of a log on their way to a standby, one behind the other. */
export interface RecordBatch {
  /** The home that sends them. */
  readonly epoch: number
  /** Of the first record; what comes next at the standby. */
  readonly from: Revision
  /** CRC-32 of the bytes. */
  readonly crc: number
  readonly bytes: Uint8Array
}

/** Packs records that follow each other. */
export function packRecords(epoch: number, from: Revision, records: readonly LogRecord[]): RecordBatch {
  const bytes = Buffer.concat(records.map(record => record.bytes))
  return { epoch, from, crc: crc32(bytes), bytes }
}

/** A record as it was sent, and what it did. */
export interface SentRecord {
  readonly record: Buffer
  readonly changes: readonly Change[]
}

/** Checks a batch and takes it apart; the records are copies. Faults: RecordDamaged, NewerVersion. */
export function unpackRecords({ from, crc, bytes }: RecordBatch): readonly SentRecord[] {
  const all = Buffer.from(bytes)
  if (crc32(all) !== crc) throw damaged('its checksum is another')
  const sent: SentRecord[] = []
  for (let at = 0; at < all.byteLength; ) {
    const record = recordIn(all.subarray(at), from + sent.length)
    sent.push({ record, changes: changesIn(record) })
    at += record.byteLength
  }
  return sent
}

function recordIn(rest: Buffer, revision: number): Buffer {
  if (rest.byteLength < recordHeader.size) throw damaged('it ends in a header')
  const head = recordHeader.read(asBuffer(rest))
  const size = recordHeader.size + head.bodyBytes
  if (head.magic !== RECORD_MAGIC || size > RECORD_BYTES_MAX || size > rest.byteLength) throw damaged('no record')
  if (head.revision !== revision) throw damaged(`revision ${head.revision} where ${revision} comes next`)
  return rest.subarray(0, size)
}

function changesIn(record: Buffer): readonly Change[] {
  try {
    return decodeChanges(record)
  } catch (error) {
    if (isFault(error)) throw error
    throw damaged('a record does not end with its last change', error)
  }
}

function damaged(why: string, cause?: unknown): Error {
  return keyspaceFault('RecordDamaged', `what was sent is no part of a log: ${why}`, { cause })
}
