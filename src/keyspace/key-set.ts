import { type ByteString, prefixEnd } from '#base'
import type { KeySet } from './keyspace.ts'

/** A set of keys as `[start, end)`. */
export interface Span {
  readonly start: ByteString
  /** No upper bound when undefined. */
  readonly end: ByteString | undefined
}

/** The span of a key set. */
export function spanOf(keys: KeySet): Span {
  if (keys.kind === 'key') return { start: keys.key, end: `${keys.key}\0` }
  if (keys.kind === 'range') return keys
  return { start: keys.prefix, end: prefixEnd(keys.prefix) }
}

/** True when the key is in the span. */
export function spanHas(span: Span, key: ByteString): boolean {
  return key >= span.start && (span.end === undefined || key < span.end)
}
