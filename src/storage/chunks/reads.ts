import { type Awaitable, type Digest, digestHex, isSystemError } from '#base'
import { readVerified } from './blocks.ts'
import type { ChunkRow } from './chunk-index.ts'
import { chunkFault, diskFault } from './faults.ts'
import { unpack } from './jobs.ts'
import { INLINE_BYTES_MAX } from './limits.ts'
import type { StoreParts } from './parts.ts'
import { changeStates } from './states.ts'

/** Reads a verified range of a chunk; see {@link ChunkStore.read}. */
export function readChunk(parts: StoreParts, range: ReadRange): Awaitable<void> {
  const row = readableRow(parts, range)
  if (!goesToWorker(parts, row, range.into)) return readInline(parts, row, range)
  return readOnWorker(parts, row, range)
}

/** Which bytes of which chunk go where. */
export interface ReadRange {
  readonly digest: Digest
  readonly into: Uint8Array
  readonly offset: number
}

/** Faults shown when a chunk is not here. */
export function missing(digest: Digest): Error {
  return chunkFault('ChunkMissing', `chunk ${digestHex(digest)} is not here`)
}

function readableRow(parts: StoreParts, { digest, into, offset }: ReadRange): ChunkRow {
  const row = parts.table.get(digest)
  if (row === undefined) throw missing(digest)
  if (row.state === 'quarantined') throw damaged(digest)
  if (offset < 0 || offset + into.byteLength > row.plainBytes) {
    const range = `${offset} to ${offset + into.byteLength}`
    throw chunkFault('OutOfRange', `bytes ${range} lie outside chunk ${digestHex(digest)} of ${row.plainBytes}`)
  }
  return row
}

function damaged(digest: Digest): Error {
  const hint = 'Remove the file and put it again from a backup; `cairn doctor` names all that is damaged.'
  return chunkFault('ChunkDamaged', `chunk ${digestHex(digest)} is damaged on this disk`, { hint })
}

function goesToWorker(parts: StoreParts, row: ChunkRow, into: Uint8Array): boolean {
  const isShared = into.buffer instanceof SharedArrayBuffer
  return parts.workers.threaded && isShared && into.byteLength > INLINE_BYTES_MAX && row.codec === 'raw'
}

function readInline(parts: StoreParts, row: ChunkRow, range: ReadRange): void {
  if (tryInline(parts, row, range)) return
  // A flip on the way from the disk is not damage on it: once more before the chunk is given up.
  if (!tryInline(parts, row, range)) quarantine(parts, row, range.digest)
}

function tryInline(parts: StoreParts, row: ChunkRow, { digest, into, offset }: ReadRange): boolean {
  const body = { digest, offset: row.offset, storedBytes: row.storedBytes, checks: row.checks }
  try {
    const file = parts.log.reader(row.segment)
    if (row.codec === 'raw') return readVerified(file, body, into, offset)
    const stored = Buffer.allocUnsafeSlow(row.storedBytes)
    const plain = readVerified(file, body, stored, 0) ? unpack(stored, row.codec, row.plainBytes) : undefined
    if (plain !== undefined) into.set(plain.subarray(offset, offset + into.byteLength))
    return plain !== undefined
  } catch (error) {
    throw diskFault('read a chunk', error)
  }
}

async function readOnWorker(parts: StoreParts, row: ChunkRow, range: ReadRange): Promise<void> {
  const { digest, into, offset } = range
  const { path } = parts.log.segment(row.segment)
  const body = { digest, offset: row.offset, storedBytes: row.storedBytes, checks: row.checks }
  try {
    if (await parts.workers.read({ path, body, into, offset })) return
  } catch (error) {
    // Compaction may have moved the chunk and removed the file meanwhile.
    if (!isSystemError(error, 'ENOENT')) throw diskFault('read a chunk', error)
  }
  const now = readableRow(parts, range)
  readInline(parts, now, range)
}

function quarantine(parts: StoreParts, row: ChunkRow, digest: Digest): never {
  parts.world.log.warn('damaged chunk found', { digest: digestHex(digest), segment: row.segment, offset: row.offset })
  changeStates(parts, [digest], 'quarantined')
  throw damaged(digest)
}
