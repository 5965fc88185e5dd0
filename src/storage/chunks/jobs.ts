import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Readable, readVerified } from './blocks.ts'
import { type Codec, hashOf, plainChecks } from './record.ts'
import type { Hashed, HashJob, ReadJob, VerifyJob, WriteJob } from './workers.ts'

/** A file that jobs read and write. */
export interface JobFile extends Readable {
  write(parts: readonly Uint8Array[], position: number): void
}

/** Opens files for jobs and keeps some of them open. */
export interface JobFiles {
  file(path: string): JobFile
  /** Closes a file that is about to be removed. */
  forget(path: string): void
}

const COMPRESS_BYTES_MIN = 4096
const COMPRESS_GAIN = 0.9

/** Names bytes; see {@link HashJob}. */
export function runHash(job: HashJob): Hashed {
  return { digest: hashOf(job.bytes), packed: job.compress ? compressed(job.bytes) : undefined }
}

/** Writes a body with one call; see {@link WriteJob}. */
export function runWrite(files: JobFiles, job: WriteJob): Uint8Array {
  files.file(job.path).write([job.body], job.offset)
  return plainChecks(job.body)
}

/** Reads a verified range; see {@link ReadJob}. */
export function runRead(files: JobFiles, job: ReadJob): boolean {
  return readVerified(files.file(job.path), job.body, job.into, job.offset)
}

/** Verifies a whole record; see {@link VerifyJob}. */
export function runVerify(files: JobFiles, job: VerifyJob): boolean {
  const stored = Buffer.allocUnsafeSlow(job.body.storedBytes)
  if (!readVerified(files.file(job.path), job.body, stored, 0)) return false
  const plain = unpack(stored, job.codec, job.plainBytes)
  return plain !== undefined && hashOf(plain) === job.body.digest
}

/** The plain bytes of a verified body; undefined when it does not unpack to the promised length. */
export function unpack(stored: Uint8Array, codec: Codec, plainBytes: number): Uint8Array | undefined {
  if (codec === 'raw') return stored.byteLength === plainBytes ? stored : undefined
  try {
    const plain = zstdDecompressSync(stored, { maxOutputLength: Math.max(plainBytes, 1) })
    return plain.byteLength === plainBytes ? plain : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

function compressed(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.byteLength < COMPRESS_BYTES_MIN) return undefined
  const packed = zstdCompressSync(bytes)
  return packed.byteLength <= bytes.byteLength * COMPRESS_GAIN ? packed : undefined
}
