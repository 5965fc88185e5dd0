import type { ByteString } from '#base'
import { type Span, spanOf } from './key-set.ts'
import type { KeyValue, RangeRequest, RangeResult, Revision } from './keyspace.ts'
import { RANGE_PAGE_ROWS } from './limits.ts'
import type { RowIndex } from './row-index.ts'
import { withoutValue } from './txn.ts'
import type { VersionMap } from './version-map.ts'

/** Everything readable: the versions not yet in the index, over the index. */
export interface Rows {
  readonly overlay: VersionMap
  readonly index: RowIndex
}

/** Rows wanted, in one direction, as of a revision (the newest when undefined); at most `limit` will be taken. */
export interface RowsWanted {
  readonly span: Span
  readonly descending: boolean
  readonly revision: Revision | undefined
  readonly limit: number
}

/** The entry under a key as of a revision. */
export function rowAt(rows: Rows, key: ByteString, revision: Revision | undefined): KeyValue | undefined {
  const version = rows.overlay.at(key, revision)
  if (version !== undefined) return version.entry
  if (revision === undefined) return rows.index.get(key)
  return rows.index.range({ start: key, end: `${key}\0`, descending: false, revision, limit: 1 })[0]
}

/** What a piece of a range has. */
export interface RowsFound {
  readonly rows: readonly KeyValue[]
  /** True when the limit cut it. */
  readonly more: boolean
  /** Where it goes on: so many keys were looked at that others should come in between. */
  readonly rest: Span | undefined
}

/** The first rows of those wanted, until so many keys were looked at: what was deleted may be many keys of which none is left. */
export function findRows(rows: Rows, wanted: RowsWanted, looksMax: number): RowsFound {
  const { span, descending, limit } = wanted
  const found: KeyValue[] = []
  let looks = 0
  for (const [key, row] of mergedRows(rows, wanted)) {
    looks += 1
    if (row !== undefined) {
      if (found.length >= limit) return { rows: found, more: true, rest: undefined }
      found.push(row)
    }
    if (looks < looksMax) continue
    // Whether there are more is not looked at: that would read another page.
    const rest = descending ? { start: span.start, end: key } : { start: `${key}\0`, end: span.end }
    return { rows: found, more: false, rest }
  }
  return { rows: found, more: false, rest: undefined }
}

// In order. The overlay decides for every key it has a version of, the index for all others; undefined is a key deleted in the overlay.
function* mergedRows(rows: Rows, wanted: RowsWanted): Generator<readonly [ByteString, KeyValue | undefined]> {
  const { span, descending, revision } = wanted
  const overlay = rows.overlay.scan(span, descending, revision)
  const stored = storedRows(rows.index, wanted)
  let over = next(overlay)
  let under = next(stored)
  while (over !== undefined || under !== undefined) {
    if (over === undefined || (under !== undefined && comesFirst(under.key, over[0], descending))) {
      if (under !== undefined) yield [under.key, under]
      under = next(stored)
      continue
    }
    if (under !== undefined && under.key === over[0]) under = next(stored)
    yield [over[0], over[1].entry]
    over = next(overlay)
  }
}

/** A range as far as it was answered. */
export interface RangeBegun {
  readonly result: RangeResult
  /** What has not been looked at. */
  readonly rest: Span | undefined
}

/** Answers a range, or the first `looksMax` keys of one, as of a revision; the newest, which is `revision`, when `asOf` is undefined. */
export function answerRange(
  rows: Rows,
  request: RangeRequest,
  {
    revision,
    asOf,
    looksMax,
  }: { readonly revision: Revision; readonly asOf?: Revision | undefined; readonly looksMax: number },
): RangeBegun {
  const span = spanOf(request.keys)
  if (request.want === 'count') {
    return { result: { revision, entries: [], count: countRows(rows, span, asOf), more: false }, rest: undefined }
  }
  const limit = request.limit ?? Number.MAX_SAFE_INTEGER
  const wanted = { span, descending: request.order === 'descending', revision: asOf, limit }
  const found = findRows(rows, wanted, looksMax)
  const entries = request.want === 'keys' ? found.rows.map(withoutValue) : found.rows
  return { result: { revision, entries, count: found.more ? 0 : entries.length, more: found.more }, rest: found.rest }
}

/** How many rows there are. What the index has of the keys in the overlay is asked once for all of them. */
export function countRows(rows: Rows, span: Span, revision: Revision | undefined): number {
  return rows.index.snapshot(() => {
    const keys: ByteString[] = []
    let count = rows.index.count(span, revision)
    for (const [key, { entry }] of rows.overlay.scan(span, false, revision)) {
      keys.push(key)
      if (entry !== undefined) count += 1
    }
    return keys.length === 0 ? count : count - rows.index.countOf(keys, revision)
  })
}

function* storedRows(index: RowIndex, wanted: RowsWanted): Generator<KeyValue> {
  const { descending, revision } = wanted
  let limit = Math.max(Math.min(wanted.limit + 1, RANGE_PAGE_ROWS), 2)
  let { start, end } = wanted.span
  for (;;) {
    const page = index.range({ start, end, descending, revision, limit })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < limit) return
    if (descending) end = last.key
    else start = `${last.key}\0`
    // What was read is deleted in the overlay, and much of what follows may be.
    limit = Math.min(limit * 2, RANGE_PAGE_ROWS)
  }
}

function comesFirst(a: ByteString, b: ByteString, descending: boolean): boolean {
  return descending ? a > b : a < b
}

function next<Value>(values: Iterator<Value, unknown>): Value | undefined {
  const result = values.next()
  return result.done === true ? undefined : result.value
}
