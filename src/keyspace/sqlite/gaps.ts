import type { ByteString } from '#base'
import type { Span } from '../key-set.ts'
import { GAPS_MAX } from '../limits.ts'

/** Keys between two neighbours of an index, both left out; undefined is the end of all keys. */
export interface Gap {
  readonly above: ByteString | undefined
  readonly below: ByteString | undefined
}

/**
 * Where an index is known to have no rows. New keys mostly come one behind the other, between the same two rows, and
 * every commit asks whether its keys are there: a look here answers for a tenth of what the database takes.
 */
export class Gaps {
  #gaps: Gap[] = []

  /** True when no row has this key. */
  hasKey(key: ByteString): boolean {
    return this.#gaps.some(
      ({ above, below }) => (above === undefined || above < key) && (below === undefined || key < below),
    )
  }

  /** True when no row is in this span. */
  hasSpan({ start, end }: Span): boolean {
    return this.#gaps.some(({ above, below }) => {
      const endsInside = below === undefined || (end !== undefined && end <= below)
      return endsInside && (above === undefined || above < start)
    })
  }

  add(gap: Gap): void {
    this.#gaps = [gap, ...this.#gaps.slice(0, GAPS_MAX - 1)]
  }

  /** The index has changed. */
  clear(): void {
    this.#gaps = []
  }
}
