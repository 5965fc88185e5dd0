import type { Digest } from '#base'
import type { Body } from './blocks.ts'
import type { Codec } from './record.ts'

/**
 * Does the heavy work on bytes: hashing, and reading and writing segments. Bytes in jobs stay unchanged until the
 * answer; those of a `threaded` one must lie in a `SharedArrayBuffer` to travel without a copy. Errors are the
 * system's own. Disposing waits for the jobs under way.
 */
export interface ChunkWorkers extends AsyncDisposable {
  /** True when jobs run on other threads and cost a hop. */
  readonly threaded: boolean
  hash(job: HashJob): Promise<Hashed>
  /** The plain CRCs of the body's blocks. */
  write(job: WriteJob): Promise<Uint8Array>
  /** False when a block does not match; then `into` holds nothing to use. */
  read(job: ReadJob): Promise<boolean>
  /** True when every block and the SHA-256 match. */
  verify(job: VerifyJob): Promise<boolean>
  /** Closes the file, which is about to be removed. */
  forget(path: string): Promise<void>
}

/** Bytes to name; `compress` also tries zstd. */
export interface HashJob {
  readonly bytes: Uint8Array
  readonly compress: boolean
}

/** The name, and the compressed bytes when they are at least a tenth smaller. */
export interface Hashed {
  readonly digest: Digest
  readonly packed: Uint8Array | undefined
}

/** The body of a record to write, at its place in a segment; the name of the chunk need not be known yet. */
export interface WriteJob {
  readonly path: string
  readonly offset: number
  readonly body: Uint8Array
}

/** A range of a stored body to verify and read. */
export interface ReadJob {
  readonly path: string
  readonly body: Body
  readonly into: Uint8Array
  readonly offset: number
}

/** A whole record to verify. */
export interface VerifyJob {
  readonly path: string
  readonly body: Body
  readonly plainBytes: number
  readonly codec: Codec
}
