import { crc32 } from 'node:zlib'
import { assert, type Disk, raw, struct, u32, u64 } from '#base'
import { keyspaceFault } from '../faults.ts'

/** The start of a segment file; it stands there twice, so that one flipped bit does not cost the segment. */
const segmentHeader = struct({
  magic: u32,
  crc: u32,
  version: u32,
  salt: u32,
  sequence: u64,
  firstRevision: u64,
  zeros: raw(32),
})

/** "CKlg" in the file. */
const SEGMENT_MAGIC = 0x676c4b43
const SEGMENT_VERSION = 1
const CRC_FROM = 8

/** Where the records of a segment start. */
export const SEGMENT_HEADER_BYTES = 2 * segmentHeader.size

assert(SEGMENT_HEADER_BYTES === 128, 'the segment header has 128 bytes')

/** What a segment's header says. */
export interface SegmentStart {
  readonly sequence: number
  /** What checksums of this segment's records start from. */
  readonly salt: number
  /** The revision of its first record. */
  readonly firstRevision: number
}

/** The file of a segment. */
export function segmentPath(folder: string, sequence: number): string {
  return `${folder}/${sequence.toString(16).padStart(8, '0')}.log`
}

/** The sequences of the segments in a folder, in order. */
export function segmentsIn(disk: Disk, folder: string): number[] {
  const names = disk.list(folder).filter(name => /^[0-9a-f]{8}\.log$/.test(name))
  return names.map(name => Number.parseInt(name, 16)).sort((a, b) => a - b)
}

/** The header as it is written, both copies. */
export function segmentHeaderBytes(start: SegmentStart, version = SEGMENT_VERSION): Buffer {
  const one = segmentHeader.bytes({
    ...start,
    magic: SEGMENT_MAGIC,
    crc: 0,
    version,
    zeros: new Uint8Array(32),
  })
  one.writeUInt32LE(crc32(one.subarray(CRC_FROM)), segmentHeader.offsets.crc)
  return Buffer.concat([one, one])
}

/** Reads a header from the start of a segment; undefined when neither copy is whole. Faults: NewerVersion. */
export function readSegmentHeader(bytes: Buffer, path: string): SegmentStart | undefined {
  for (const at of [0, segmentHeader.size]) {
    if (at + segmentHeader.size > bytes.byteLength) return undefined
    const head = segmentHeader.read(bytes, at)
    if (head.magic !== SEGMENT_MAGIC) continue
    if (crc32(bytes.subarray(at + CRC_FROM, at + segmentHeader.size)) !== head.crc) continue
    if (head.version > SEGMENT_VERSION) throw newerVersion(path, head.version)
    return { sequence: head.sequence, salt: head.salt, firstRevision: head.firstRevision }
  }
  return undefined
}

/** A file that a later program wrote. */
export function newerVersion(path: string, version: number): Error {
  return keyspaceFault('NewerVersion', `${path} has format version ${version}, which this program does not know`, {
    hint: 'Start the version of the program that wrote it, or a newer one.',
  })
}
