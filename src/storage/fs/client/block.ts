import { assert } from '#base'
import { INLINE_BYTES_MAX } from '../limits.ts'

/** `[start, end)` inside a block. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * One chunk-sized piece of a file being written: a buffer that grows with what is in it, and which of its bytes are
 * written. Large buffers are shared memory, so that hashing and storing them elsewhere copies nothing.
 */
export class Block {
  readonly index: number
  readonly #limit: number
  #bytes: Uint8Array
  #spans: Span[] = []

  constructor(index: number, limit: number) {
    this.index = index
    this.#limit = limit
    this.#bytes = new Uint8Array(0)
  }

  /** A block that is written in full, over memory of the caller's. */
  static whole(index: number, bytes: Uint8Array): Block {
    const block = new Block(index, bytes.byteLength)
    block.#bytes = bytes
    block.#spans = [{ start: 0, end: bytes.byteLength }]
    return block
  }

  /** A block with the same bytes in memory of its own. */
  static copyOf(other: Block, limit: number): Block {
    const block = new Block(other.index, limit)
    for (const span of other.spans) block.write(span.start, other.bytesOf(span))
    return block
  }

  get spans(): readonly Span[] {
    return this.#spans
  }

  /** True when every byte is written. */
  get isFull(): boolean {
    return this.#spans.length === 1 && this.#spans[0]?.start === 0 && this.#spans[0].end === this.#limit
  }

  /** Bytes of memory a write up to `end` will make the block grow by. */
  growth(end: number): number {
    return end <= this.#bytes.byteLength ? 0 : capacityFor(end, this.#limit) - this.#bytes.byteLength
  }

  get capacity(): number {
    return this.#bytes.byteLength
  }

  write(start: number, bytes: Uint8Array): void {
    const end = start + bytes.byteLength
    assert(end <= this.#limit, 'a block ends at its chunk')
    if (end > this.#bytes.byteLength) this.#grow(end)
    this.#bytes.set(bytes, start)
    this.#spans = withSpan(this.#spans, { start, end })
  }

  /** The bytes of a span, sharing memory. */
  bytesOf(span: Span): Uint8Array {
    return this.#bytes.subarray(span.start, span.end)
  }

  /** Forgets what lies at or behind `end`. */
  cut(end: number): void {
    this.#spans = this.#spans.filter(span => span.start < end).map(span => ({ ...span, end: Math.min(span.end, end) }))
  }

  #grow(end: number): void {
    const capacity = capacityFor(end, this.#limit)
    const grown =
      capacity > INLINE_BYTES_MAX ? new Uint8Array(new SharedArrayBuffer(capacity)) : new Uint8Array(capacity)
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Spans with one more laid over them: sorted, not touching. */
export function withSpan(spans: readonly Span[], span: Span): Span[] {
  const last = spans.at(-1)
  if (last !== undefined && last.end === span.start)
    return [...spans.slice(0, -1), { start: last.start, end: span.end }]
  const apart = spans.filter(other => other.end < span.start || other.start > span.end)
  const joined = spans.filter(other => other.end >= span.start && other.start <= span.end)
  const start = Math.min(span.start, ...joined.map(other => other.start))
  const end = Math.max(span.end, ...joined.map(other => other.end))
  return [...apart, { start, end }].sort((a, b) => a.start - b.start)
}

function capacityFor(end: number, limit: number): number {
  let capacity = FIRST_CAPACITY
  while (capacity < end) capacity *= 4
  return Math.min(capacity, limit)
}

const FIRST_CAPACITY = 4096
