import type { Digest } from '#base'
import type { ChunkRow, RowRange } from './chunk-index.ts'

/** A row that is not in the index yet. */
export interface Pending {
  readonly row: ChunkRow | undefined
  /** What the index says meanwhile. */
  readonly stored: ChunkRow | undefined
  /** When the row was last changed; it is durable when this epoch is. */
  readonly epoch: number
  /** When it was first changed since it was last in the index. */
  readonly firstEpoch: number
}

/** The rows that wait for the index, by digest; those of a range are found without going through the others. */
export class PendingRows {
  readonly #rows = new Map<Digest, Pending>()
  /** Digests by their first bits. */
  readonly #parts = new Map<number, Set<Digest>>()

  get count(): number {
    return this.#rows.size
  }

  get(digest: Digest): Pending | undefined {
    return this.#rows.get(digest)
  }

  has(digest: Digest): boolean {
    return this.#rows.has(digest)
  }

  set(digest: Digest, pending: Pending): void {
    const isNew = !this.#rows.has(digest)
    this.#rows.set(digest, pending)
    if (!isNew) return
    const at = partOf(digest)
    const part = this.#parts.get(at)
    if (part === undefined) this.#parts.set(at, new Set([digest]))
    else part.add(digest)
  }

  delete(digest: Digest): void {
    if (!this.#rows.delete(digest)) return
    const at = partOf(digest)
    const part = this.#parts.get(at)
    part?.delete(digest)
    if (part?.size === 0) this.#parts.delete(at)
  }

  clear(): void {
    this.#rows.clear()
    this.#parts.clear()
  }

  /** All of them, in no order. */
  all(): Iterable<readonly [Digest, Pending]> {
    return this.#rows
  }

  /** Those of a range, in no order. */
  *within({ from, before }: RowRange): Generator<readonly [Digest, Pending]> {
    const last = before === undefined ? PARTS - 1 : partOf(before)
    for (let at = partOf(from); at <= last; at++) {
      for (const digest of this.#parts.get(at) ?? []) {
        const pending = this.#rows.get(digest)
        const isWithin = digest >= from && (before === undefined || digest < before)
        if (isWithin && pending !== undefined) yield [digest, pending]
      }
    }
  }
}

// Few enough to be gone through one by one, and so many that a few rows lie in each.
const PARTS = 4096

function partOf(digest: string): number {
  return (digest.charCodeAt(0) << 4) | (digest.charCodeAt(1) >> 4)
}
