import type { Digest } from '#base'
import type { ChunkState, Codec } from './record.ts'

/** Where a chunk's record lies and what it counts as. Offsets are bytes from the start of the segment. */
export interface ChunkRow {
  readonly segment: number
  readonly offset: number
  readonly plainBytes: number
  readonly storedBytes: number
  readonly codec: Codec
  readonly state: ChunkState
  /**
   * The checks of the body's blocks, so that reading a few bytes of a large chunk does not have to fetch them from its
   * end. Undefined when the body is small or longer than {@link CHECKS_BYTES_MAX} allows, and after recovery.
   */
  readonly checks?: Uint8Array | undefined
}

/** A place in the log: everything before it is in the index. */
export interface LogPosition {
  readonly segment: number
  readonly offset: number
}

/** Digests from one on, up to another that is not among them; undefined: to the end. Beginnings of digests will do. */
export interface RowRange {
  readonly from: string
  readonly before?: string | undefined
}

/** One step of the index, all or nothing. `row` undefined removes it. */
export interface IndexBatch {
  readonly rows: readonly { readonly digest: Digest; readonly row: ChunkRow | undefined }[]
  /** What {@link ChunkIndex.summary} answers from then on. */
  readonly summary: string
}

/**
 * Finds chunks by digest. It only repeats what the segments say: it is caught up from them at open, and made anew
 * when it is missing or damaged. Methods throw the fault IndexDamaged when a stored row does not check.
 */
export interface ChunkIndex extends Disposable {
  get(digest: Digest): ChunkRow | undefined
  write(batch: IndexBatch): void
  /** Rows of a range, in byte order, at most `limit`. */
  page(range: RowRange, limit: number): { readonly digest: Digest; readonly row: ChunkRow }[]
  /** What the last batch noted; undefined in a new index. */
  summary(): string | undefined
  /** Forgets everything. */
  reset(): void
}
