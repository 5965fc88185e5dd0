import { checkSeed, blockCheck, hashOf, RECORD_HEADER_BYTES, tableBytes } from './record.ts'
import type { Digest } from '#base'
import { BLOCK_BYTES, INLINE_BYTES_MAX } from './limits.ts'

/** What verified reading needs of a file. */
export interface Readable {
  /** Fills `into` from `position`; returns how many bytes there were. */
  read(into: Uint8Array, position: number): number
}

/** Where a stored body lies, and what its blocks must match. */
export interface Body {
  readonly digest: Digest
  /** Where the record starts. */
  readonly offset: number
  readonly storedBytes: number
  /** The table of checks; read from behind the body when undefined. */
  readonly checks?: Uint8Array | undefined
}

/**
 * Fills `into` with stored bytes from `offset` of a body, verifying every block it touches. False when a block does
 * not match; then `into` holds nothing to use. Whole blocks go straight into `into`.
 */
export function readVerified(file: Readable, body: Body, into: Uint8Array, offset: number): boolean {
  if (into.byteLength === 0) return true
  const first = Math.floor(offset / BLOCK_BYTES)
  const last = Math.ceil((offset + into.byteLength) / BLOCK_BYTES)
  const span: Span = { file, body, first, seed: checkSeed(body.digest), checks: EMPTY }
  if (body.checks !== undefined) {
    return readBlocks({ ...span, checks: viewOf(body.checks).subarray(first * 4) }, into, offset)
  }
  const ends = Math.min(last * BLOCK_BYTES, body.storedBytes)
  if (ends === body.storedBytes && ends - first * BLOCK_BYTES <= INLINE_BYTES_MAX) return readTail(span, into, offset)
  const checks = takeTable((last - first) * 4)
  if (file.read(checks, bodyAt(body, body.storedBytes + first * 4)) < checks.byteLength) return false
  return readBlocks({ ...span, checks }, into, offset)
}

/** True when a body is whole: every block matches and, unless it is compressed, the SHA-256 too. */
export function verifyBody(file: Readable, body: Body, into: Uint8Array): boolean {
  return readVerified(file, body, into, 0) && hashOf(into) === body.digest
}

interface Span {
  readonly file: Readable
  readonly body: Body
  /** The first block whose check is in `checks`. */
  readonly first: number
  readonly seed: number
  readonly checks: Buffer
}

const EMPTY = Buffer.alloc(0)
const scratch = Buffer.allocUnsafeSlow(INLINE_BYTES_MAX + tableBytes(INLINE_BYTES_MAX) + 4096)
const block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
let table = Buffer.allocUnsafeSlow(256)

function takeTable(bytes: number): Buffer {
  if (bytes > table.byteLength) table = Buffer.allocUnsafeSlow(bytes)
  return table.subarray(0, bytes)
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function bodyAt(body: Body, offset: number): number {
  return body.offset + RECORD_HEADER_BYTES + offset
}

// The end of a body and the table behind it are neighbours: one read fetches both.
function readTail(span: Span, into: Uint8Array, offset: number): boolean {
  const { body, first } = span
  const start = first * BLOCK_BYTES
  const bytes = body.storedBytes - start
  const all = scratch.subarray(0, bytes + tableBytes(body.storedBytes))
  if (span.file.read(all, bodyAt(body, start)) < all.byteLength) return false
  const checks = all.subarray(bytes + first * 4)
  if (!matches({ ...span, checks }, all.subarray(0, bytes), first)) return false
  all.copy(into, 0, offset - start, offset - start + into.byteLength)
  return true
}

function readBlocks(span: Span, into: Uint8Array, offset: number): boolean {
  const end = offset + into.byteLength
  let at = offset
  while (at < end) {
    const number = Math.floor(at / BLOCK_BYTES)
    const wholeEnd = end === span.body.storedBytes ? end : Math.floor(end / BLOCK_BYTES) * BLOCK_BYTES
    const whole = at % BLOCK_BYTES === 0 && wholeEnd > at
    const next = whole ? wholeEnd : Math.min(end, (number + 1) * BLOCK_BYTES)
    const part = into.subarray(at - offset, next - offset)
    if (!(whole ? readWhole(span, part, number) : readPart(span, part, at))) return false
    at = next
  }
  return true
}

function readWhole(span: Span, into: Uint8Array, number: number): boolean {
  if (span.file.read(into, bodyAt(span.body, number * BLOCK_BYTES)) < into.byteLength) return false
  return matches(span, into, number)
}

function readPart(span: Span, into: Uint8Array, at: number): boolean {
  const number = Math.floor(at / BLOCK_BYTES)
  const start = number * BLOCK_BYTES
  const whole = block.subarray(0, Math.min(BLOCK_BYTES, span.body.storedBytes - start))
  if (!readWhole(span, whole, number)) return false
  whole.copy(into, 0, at - start, at - start + into.byteLength)
  return true
}

function matches(span: Span, bytes: Uint8Array, from: number): boolean {
  for (let number = from, at = 0; at < bytes.byteLength; number++, at += BLOCK_BYTES) {
    const check = span.checks.readUInt32LE((number - span.first) * 4)
    if (blockCheck(bytes.subarray(at, at + BLOCK_BYTES), span.seed, number) !== check) return false
  }
  return true
}
