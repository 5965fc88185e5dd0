import { type Digest, SortedMap } from '#base'
import type { ChunkIndex, ChunkRow, IndexBatch, RowRange } from './chunk-index.ts'

/** An index that lives as long as the process; the next open makes it anew from the segments. For simulation. */
export function memoryIndex(): ChunkIndex {
  return new MemoryIndex()
}

class MemoryIndex implements ChunkIndex {
  readonly #rows = new SortedMap<{ readonly digest: Digest; readonly row: ChunkRow }>()
  #summary: string | undefined

  get(digest: Digest): ChunkRow | undefined {
    return this.#rows.get(digest)?.row
  }

  write(batch: IndexBatch): void {
    for (const { digest, row } of batch.rows) {
      if (row === undefined) this.#rows.delete(digest)
      else this.#rows.set(digest, { digest, row })
    }
    this.#summary = batch.summary
  }

  page({ from, before }: RowRange, limit: number): { digest: Digest; row: ChunkRow }[] {
    const found: { digest: Digest; row: ChunkRow }[] = []
    for (const [, entry] of this.#rows.entries(from)) {
      if (found.length === limit || (before !== undefined && entry.digest >= before)) break
      found.push(entry)
    }
    return found
  }

  summary(): string | undefined {
    return this.#summary
  }

  reset(): void {
    this.#rows.clear()
    this.#summary = undefined
  }

  [Symbol.dispose](): void {
    this.reset()
  }
}
