import { crc32 } from 'node:zlib'
import {
  assert,
  byteString,
  type Disk,
  type DiskFile,
  type Entropy,
  isSystemError,
  raw,
  i64big,
  struct,
  u32,
  u64,
} from '#base'
import { STAGING_BYTES_MAX, STAGING_FILL_BYTES } from '../limits.ts'
import { inoOf, ROOT_INO } from '../inode.ts'
import type { Ino } from '../vfs.ts'

/** A write that was answered but is not at the home yet. */
export interface StagedWrite {
  readonly ino: Ino
  readonly offset: number
  readonly mtimeNs: bigint
  readonly bytes: Uint8Array
  /** The bytes are a change of times that follows what was written to the same part: see `held-times.ts`. */
  readonly isChange?: boolean | undefined
}

/**
 * Head of a staging record v1; the bytes of a write, their CRC-32 and a tail mark follow. `boot` is the running kernel's
 * boot id: what was staged before a power cut is no longer in order with the home and is left alone. `epoch` is drawn anew
 * each time the file begins anew; nobody can guess it, so content that looks like a record is never taken for one.
 */
export const StagingRow = struct({
  magic: u32,
  headerCrc: u32,
  kind: u32,
  bytes: u32,
  epoch: u64,
  sequence: u64,
  ino: u64,
  offset: u64,
  mtimeNs: i64big,
  boot: raw(16),
})
assert(StagingRow.size === 72, 'staging row v1 has 72 bytes')

const MAGIC = 0x31475453
const TAIL_MARK = 0x0d0a0d0a
const TAIL_BYTES = 8
const WRITE = 1
const LANDED = 2
const EMPTY = 3
const CHANGE = 4
const STAGED: ReadonlySet<number> = new Set([WRITE, CHANGE])

/** Marks a place in the staging file: everything staged up to it. */
export type StagingMark = number

/**
 * Keeps answered writes outside this process until the home has them, so that killing the process loses nothing: an
 * append-only file beside the filesystem, never synced (it lives in the page cache and is overwritten again and again
 * from its start). A record is valid when its head checks out and its tail is there; reading stops at the first that
 * is not, or that is left over from an earlier round (`epoch`). Bytes that do not fit their checksum are never used.
 */
export class Staging {
  readonly #file: DiskFile
  readonly #boot: Uint8Array
  readonly #partBytes: number
  /** Parts with staged writes that have not landed, and the newest of these. */
  readonly #waiting = new Map<string, StagingMark>()
  /** Landings that the disk would not take when they happened. */
  #owed: Landing[] = []
  /** How many landings may still follow: room for them is filled ahead, so that a full disk cannot refuse them. */
  #landings = 0
  #filled: number
  #position: number
  readonly #entropy: Entropy
  #epoch: number
  #sequence: number

  private constructor(file: DiskFile, options: StagingOptions, found: Found) {
    this.#file = file
    this.#boot = bootOf(options)
    this.#partBytes = options.partBytes
    this.#filled = file.size()
    this.#position = found.end
    this.#entropy = options.entropy
    this.#epoch = found.epoch ?? this.#newEpoch()
    this.#sequence = found.records.reduce((newest, { sequence }) => Math.max(newest, sequence), 0)
  }

  /**
   * Opens the file and answers what a killed process left in it, oldest first; that stays until it has landed. Writes
   * whose bytes were damaged are `lost`. `partBytes` is the size of the parts that land together: a staged write never
   * crosses from one to the next.
   */
  static open(options: StagingOptions): LeftStaging {
    const { disk, path, partBytes } = options
    const file = disk.open(path, 'create')
    const found = readRecords(file, bootOf(options))
    // Nothing of an earlier round may ever stand behind a new record.
    if (found.records.length === 0 && file.size() > 0) file.truncate(0)
    const staging = new Staging(file, options, found)
    const records = unlanded(found.records, partBytes)
    const left = records.filter(({ isWhole }) => isWhole)
    for (const { sequence, write } of left) staging.#waits(write, sequence)
    const lost = records.filter(({ isWhole }) => !isWhole)
    return { staging, left: left.map(({ write }) => write), lost: lost.map(({ write }) => write) }
  }

  /** Files of which something is staged, perhaps also of such as have landed since. */
  static inosIn(options: Pick<StagingOptions, 'disk' | 'path' | 'bootId'>): readonly Ino[] {
    using file = options.disk.open(options.path, 'create')
    const { records } = readRecords(file, bootOf(options))
    return [...new Set(records.flatMap(({ kind, write }) => (kind === WRITE ? [write.ino] : [])))]
  }

  /** Keeps a write; answers the place behind it. Errors are the system's own; nothing is kept then. */
  write(write: StagedWrite): StagingMark {
    this.#payOwed()
    const sequence = this.#sequence + 1
    const filled = this.#fillBehind(RECORD_BYTES_MIN + write.bytes.byteLength)
    this.#append({ kind: write.isChange === true ? CHANGE : WRITE, sequence, ...write })
    this.#filled = Math.max(filled, this.#filled)
    this.#sequence = sequence
    this.#waits(write, sequence)
    return sequence
  }

  /** Says that everything staged up to `mark` for the part at `offset` of a file is at the home, or void. */
  landed(part: { readonly ino: Ino; readonly offset: number }, mark: StagingMark): void {
    const name = partOf(part, this.#partBytes)
    const newest = this.#waiting.get(name)
    if (newest === undefined) return
    if (newest <= mark) this.#waiting.delete(name)
    this.#owed.push({ ...part, mark })
    ignoringDisk(() => this.#payOwed())
  }

  /** Forgets everything: nothing is waiting any more. */
  reset(): void {
    if (this.#position === 0) return
    const [position, epoch] = [this.#position, this.#epoch]
    this.#position = 0
    this.#epoch = this.#newEpoch()
    const isEmpty = ignoringDisk(() =>
      this.#append({ kind: EMPTY, sequence: 0, ino: ROOT_INO, offset: 0, mtimeNs: 0n, bytes: NOTHING }),
    )
    this.#position = 0
    if (isEmpty) {
      this.#sequence = 0
      this.#landings = 0
      this.#owed = []
      this.#waiting.clear()
    } else {
      this.#position = position
      this.#epoch = epoch
    }
  }

  /** The newest mark. */
  get mark(): StagingMark {
    return this.#sequence
  }

  /** True when writes should wait until all has landed, so that the file can start anew. */
  get isFull(): boolean {
    return this.#position > STAGING_BYTES_MAX
  }

  close(): void {
    this.#file.close()
  }

  #waits(write: StagedWrite, sequence: StagingMark): void {
    this.#landings += 1
    this.#waiting.set(partOf(write, this.#partBytes), sequence)
  }

  #payOwed(): void {
    for (let owed = this.#owed[0]; owed !== undefined; owed = this.#owed[0]) {
      const { mark, ino, offset } = owed
      this.#append({ kind: LANDED, sequence: mark, ino, offset, mtimeNs: 0n, bytes: NOTHING })
      this.#owed.shift()
      this.#landings -= 1
    }
  }

  #newEpoch(): number {
    return Buffer.from(this.#entropy.bytes(6)).readUIntLE(0, 6)
  }

  // Room for landings behind a record that is about to be written; answers where the filled part ends once it is. In
  // steps, so that most writes change no metadata of the file.
  #fillBehind(recordBytes: number): number {
    const recordEnd = this.#position + recordBytes
    const start = Math.max(this.#filled, recordEnd)
    const missing = recordEnd + RECORD_BYTES_MIN * (this.#landings + 1) - start
    if (missing <= 0) return this.#filled
    const zeros = Buffer.alloc(Math.max(missing, STAGING_FILL_BYTES))
    this.#file.write([zeros], start)
    return start + zeros.byteLength
  }

  #append(record: { kind: number; sequence: number } & StagedWrite): void {
    const head = Buffer.allocUnsafe(StagingRow.size)
    StagingRow.write(head, {
      magic: MAGIC,
      headerCrc: 0,
      kind: record.kind,
      bytes: record.bytes.byteLength,
      epoch: this.#epoch,
      sequence: record.sequence,
      ino: record.ino,
      offset: record.offset,
      mtimeNs: record.mtimeNs,
      boot: this.#boot,
    })
    head.writeUInt32LE(crc32(head), StagingRow.offsets.headerCrc)
    const tail = Buffer.allocUnsafe(TAIL_BYTES)
    tail.writeUInt32LE(crc32(record.bytes))
    tail.writeUInt32LE(TAIL_MARK, 4)
    this.#file.write([head, record.bytes, tail], this.#position)
    this.#position += head.byteLength + record.bytes.byteLength + TAIL_BYTES
    this.#filled = Math.max(this.#filled, this.#position)
  }
}

interface Landing {
  readonly ino: Ino
  readonly offset: number
  readonly mark: StagingMark
}

/** A staging file and what was in it. */
export interface LeftStaging {
  readonly staging: Staging
  readonly left: readonly StagedWrite[]
  /** Answered writes whose bytes are not what was written; the bytes are not to be used. */
  readonly lost: readonly StagedWrite[]
}

/** Where the staging file is and what it belongs to. */
export interface StagingOptions {
  readonly disk: Disk
  readonly entropy: Entropy
  readonly path: string
  /** The running kernel's boot id (random_boot_id, 16 bytes in hexadecimal). */
  readonly bootId: string
  readonly partBytes: number
}

interface ReadRecord {
  readonly kind: number
  readonly epoch: number
  readonly sequence: number
  readonly write: StagedWrite
  readonly isWhole: boolean
}

interface Found {
  /** Undefined when there is no record. */
  readonly epoch: number | undefined
  readonly records: readonly ReadRecord[]
  /** Where the next record goes. */
  readonly end: number
}

function readRecords(file: DiskFile, boot: Uint8Array): Found {
  const size = file.size()
  const records: ReadRecord[] = []
  let end = 0
  while (end + RECORD_BYTES_MIN <= size) {
    const record = readRecord(file, end, boot)
    const first = records[0]
    if (record === undefined || (first !== undefined && record.epoch !== first.epoch)) break
    records.push(record)
    end += RECORD_BYTES_MIN + record.write.bytes.byteLength
  }
  return { epoch: records[0]?.epoch, records, end }
}

function bootOf({ bootId }: Pick<StagingOptions, 'bootId'>): Buffer {
  return Buffer.from(bootId.replaceAll('-', '').padEnd(32, '0').slice(0, 32), 'hex')
}

function readRecord(file: DiskFile, position: number, boot: Uint8Array): ReadRecord | undefined {
  const head = Buffer.alloc(StagingRow.size)
  if (file.read(head, position) < head.byteLength) return undefined
  const row = StagingRow.read(head)
  head.writeUInt32LE(0, StagingRow.offsets.headerCrc)
  if (row.magic !== MAGIC || row.headerCrc !== crc32(head)) return undefined
  if (byteString(row.boot) !== byteString(boot) || row.bytes > STAGING_BYTES_MAX) return undefined
  const body = Buffer.alloc(row.bytes + TAIL_BYTES)
  if (file.read(body, position + head.byteLength) < body.byteLength) return undefined
  if (body.readUInt32LE(row.bytes + 4) !== TAIL_MARK) return undefined
  const { kind, sequence, epoch, offset, mtimeNs } = row
  const bytes = body.subarray(0, row.bytes)
  const isWhole = crc32(bytes) === body.readUInt32LE(row.bytes)
  const write = { ino: inoOf(row.ino), offset, mtimeNs, bytes, isChange: kind === CHANGE }
  return { kind, sequence, epoch, write, isWhole }
}

// A landing covers what was staged up to its mark for the same part of the same file.
function unlanded(records: readonly ReadRecord[], partBytes: number): ReadRecord[] {
  const marks = new Map<string, StagingMark>()
  for (const { kind, sequence, write } of records) if (kind === LANDED) marks.set(partOf(write, partBytes), sequence)
  return records.filter(
    ({ kind, sequence, write }) => STAGED.has(kind) && sequence > (marks.get(partOf(write, partBytes)) ?? 0),
  )
}

function partOf({ ino, offset }: { readonly ino: Ino; readonly offset: number }, partBytes: number): string {
  return `${ino}/${Math.floor(offset / partBytes)}`
}

/** False when the disk failed: what was not written is tried again with the next record. */
function ignoringDisk(write: () => void): boolean {
  try {
    write()
    return true
  } catch (error) {
    if (!isSystemError(error)) throw error
    return false
  }
}

const NOTHING = new Uint8Array(0)
const RECORD_BYTES_MIN = StagingRow.size + TAIL_BYTES
