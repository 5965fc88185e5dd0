import { crc32 } from 'node:zlib'
import { asBuffer, struct, u32, u64 } from '#base'
import { revisionOf } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import type { KeyValue, Revision } from '../keyspace.ts'
import { BACKUP_BLOCK_BYTES_MAX } from '../limits.ts'
import { decodeRows, encodeRows } from '../row-block.ts'

/** Start of a backup: what revision it is of, and how many entries it has. `crc` covers what is behind it. */
const fileHead = struct({ magic: u32, crc: u32, version: u32, zeros: u32, revision: u64, entries: u64 })

/** Before each block: rows (1) or the end (2), which has none. `crc` goes on from the one before, so no block may miss. */
const blockHead = struct({ kind: u32, crc: u32, bytes: u32, rows: u32 })

/** "CKbk" in the file. */
const MAGIC = 0x6b624b43
const VERSION = 1
const CRC_FROM = 8
const KIND = { rows: 1, end: 2 } as const

/** What a backup says first. */
export interface BackupHead {
  readonly revision: Revision
  readonly entries: number
}

/** Makes the bytes of a backup, piece by piece. */
export class BackupEncoder {
  #crc = 0

  head({ revision, entries }: BackupHead): Buffer {
    const bytes = fileHead.bytes({ magic: MAGIC, crc: 0, version: VERSION, zeros: 0, revision, entries })
    this.#crc = crc32(bytes.subarray(CRC_FROM))
    bytes.writeUInt32LE(this.#crc, fileHead.offsets.crc)
    return bytes
  }

  rows(rows: readonly KeyValue[]): Buffer {
    return this.#block(KIND.rows, rows)
  }

  end(): Buffer {
    return this.#block(KIND.end, [])
  }

  #block(kind: number, rows: readonly KeyValue[]): Buffer {
    const body = encodeRows(rows)
    const head = blockHead.bytes({ kind, crc: 0, bytes: body.byteLength, rows: rows.length })
    this.#crc = blockCrc(this.#crc, head, body)
    head.writeUInt32LE(this.#crc, blockHead.offsets.crc)
    return Buffer.concat([head, body])
  }
}

/** Answers exactly so many bytes of a file, fewer only at its end. */
export type ReadBytes = (bytes: number) => Promise<Uint8Array>

/**
 * Reads a backup from its beginning: first its head, then its rows in order. `name` is what faults call it.
 * Faults: BackupDamaged, NewerVersion.
 */
export async function* decodeBackup(
  read: ReadBytes,
  name: string,
): AsyncGenerator<readonly KeyValue[], void, undefined> {
  let { crc, at, left } = await readHead(read, name)
  for (;;) {
    const head = await readExactly(read, blockHead.size, { name, at })
    const { kind, bytes, rows: count, crc: wanted } = blockHead.read(head)
    if (bytes > BACKUP_BLOCK_BYTES_MAX) throw damaged(name, at)
    const body = await readExactly(read, bytes, { name, at })
    crc = blockCrc(crc, head, body)
    const rows = crc === wanted ? decodeRows(body) : undefined
    if (rows === undefined || rows.length !== count) throw damaged(name, at)
    at += blockHead.size + bytes
    left -= rows.length
    if (kind !== KIND.end) yield rows
    else if (left !== 0 || (await read(1)).byteLength > 0) throw damaged(name, at)
    else return
  }
}

/** Reads what a backup says first. Faults: BackupDamaged, NewerVersion. */
export async function backupHead(read: ReadBytes, name: string): Promise<BackupHead> {
  const { revision, left } = await readHead(read, name)
  return { revision, entries: left }
}

async function readHead(read: ReadBytes, name: string) {
  const bytes = await readExactly(read, fileHead.size, { name, at: 0 })
  const { magic, crc, version, revision, entries } = fileHead.read(bytes)
  if (magic !== MAGIC) throw keyspaceFault('BackupDamaged', `${name} is no backup of a keyspace`)
  if (crc !== crc32(bytes.subarray(CRC_FROM))) throw damaged(name, 0)
  if (version > VERSION) throw keyspaceFault('NewerVersion', `${name} was written by a newer version of the program`)
  return { crc, at: fileHead.size, left: entries, revision: revisionOf(revision) }
}

async function readExactly(read: ReadBytes, bytes: number, place: { name: string; at: number }): Promise<Buffer> {
  const found = asBuffer(await read(bytes))
  if (found.byteLength < bytes) throw damaged(place.name, place.at)
  return found
}

function blockCrc(before: number, head: Buffer, body: Buffer): number {
  const { kind, bytes, rows } = blockHead.read(head)
  return crc32(body, crc32(blockHead.bytes({ kind, crc: 0, bytes, rows }), before))
}

function damaged(name: string, at: number): Error {
  return keyspaceFault('BackupDamaged', `${name} is damaged at byte ${at}`, { hint: 'Use another backup.' })
}
