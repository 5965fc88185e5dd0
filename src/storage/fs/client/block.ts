import { assert } from '#base'
import type { Extent } from '../extent.ts'
import { INLINE_BYTES_MAX } from '../limits.ts'
import type { BlockMemory } from './block-memory.ts'

/** `[start, end)` inside a block. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * One chunk-sized piece of a file being written: memory that grows with what is in it, and which of its bytes are
 * written. Large memory is shared, so that hashing and storing it elsewhere copies nothing.
 */
export class Block {
  readonly index: number
  readonly #limit: number
  readonly #memory: BlockMemory
  #bytes: Uint8Array
  #spans: Span[]

  private constructor(index: number, limit: number, memory: BlockMemory) {
    this.index = index
    this.#limit = limit
    this.#memory = memory
    this.#bytes = NOTHING
    this.#spans = []
  }

  /** A block of up to `limit` bytes, none written. */
  static empty(index: number, limit: number, memory: BlockMemory): Block {
    return new Block(index, limit, memory)
  }

  /** Writes what another block has, and gives back the other's memory. */
  take(other: Block): void {
    for (const span of other.spans) this.write(span.start, other.bytesOf(span))
    other.release()
  }

  /** Gives the memory back; the block is empty then. */
  release(): void {
    this.#memory.give(this.#bytes)
    this.#bytes = NOTHING
    this.#spans = []
  }

  get spans(): readonly Span[] {
    return this.#spans
  }

  /** True when all that is written travels inside messages. */
  get isInline(): boolean {
    return this.#spans.every(isInline)
  }

  /** A part as it travels inside a message. */
  inlineExtent(span: Span): Extent {
    const data = Buffer.from(this.bytesOf(span))
    return { kind: 'inline', offset: this.index * this.#limit + span.start, bytes: data.byteLength, data }
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
    const grown = this.#memory.take(capacityFor(end, this.#limit))
    for (const span of this.#spans) grown.set(this.bytesOf(span), span.start)
    this.#memory.give(this.#bytes)
    this.#bytes = grown
  }
}

const NOTHING = new Uint8Array(0)

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

/** True for a part that travels inside messages, rather than as a chunk. */
export function isInline({ start, end }: Span): boolean {
  return end - start <= INLINE_BYTES_MAX
}
