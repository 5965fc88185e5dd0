import type { Readable } from './blocks.ts'
import { RECORD_ALIGN_BYTES } from './limits.ts'
import { decodeHeader, RECORD_HEADER_BYTES, type RecordHeader, spanBytes } from './record.ts'

/** A stretch of a segment: a record with an intact header, or bytes that are none. */
export type Stretch =
  | { readonly kind: 'record'; readonly offset: number; readonly bytes: number; readonly header: RecordHeader }
  | { readonly kind: 'gap'; readonly offset: number; readonly bytes: number }

/** What to scan. `salt` undefined takes that of the first record found. */
export interface ScanRange {
  readonly segment: number
  readonly salt: bigint | undefined
  readonly from: number
  readonly to: number
}

/** Walks the records of a segment by their headers; bodies are not read. Faults: NewerVersion, Unsupported. */
export function* scanSegment(file: Readable, range: ScanRange): Generator<Stretch> {
  const scan = { file, ...range }
  let at = range.from
  while (at < range.to) {
    const header = headerAt(scan, at)
    scan.salt ??= header?.salt
    if (header !== undefined) {
      yield { kind: 'record', offset: at, bytes: spanBytes(header), header }
      at += spanBytes(header)
      continue
    }
    const next = findHeader(scan, at + RECORD_ALIGN_BYTES)
    yield { kind: 'gap', offset: at, bytes: next - at }
    at = next
  }
}

interface Scan {
  readonly file: Readable
  readonly segment: number
  salt: bigint | undefined
  readonly to: number
}

const SEARCH_BYTES = 1024 * 1024

function headerAt(scan: Scan, at: number): RecordHeader | undefined {
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES)
  if (scan.file.read(bytes, at) < RECORD_HEADER_BYTES) return undefined
  return fitting(scan, decodeHeader(bytes), at)
}

function fitting(scan: Scan, header: RecordHeader | undefined, at: number): RecordHeader | undefined {
  if (header === undefined || header.segment !== scan.segment) return undefined
  if (scan.salt !== undefined && header.salt !== scan.salt) return undefined
  return at + spanBytes(header) <= scan.to ? header : undefined
}

// The next place with an intact header, or the end.
function findHeader(scan: Scan, from: number): number {
  const buffer = Buffer.allocUnsafe(Math.min(SEARCH_BYTES, Math.max(scan.to - from, 0)) + RECORD_HEADER_BYTES)
  for (let start = from; start < scan.to; start += SEARCH_BYTES) {
    const count = scan.file.read(buffer, start)
    const end = Math.min(count, SEARCH_BYTES)
    for (let at = 0; at < end; at += RECORD_ALIGN_BYTES) {
      if (fitting(scan, decodeHeader(buffer.subarray(0, count), at), start + at) !== undefined) return start + at
    }
  }
  return scan.to
}
