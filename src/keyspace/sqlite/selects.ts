import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type ByteString, bytesOf } from '#base'
import type { Span } from '../key-set.ts'
import type { Revision } from '../keyspace.ts'
import { PAST_FEW_ROWS } from '../limits.ts'
import type { RowQuery } from '../row-index.ts'
import { COLUMNS_BEHIND_KEY, type ColumnsBehindKey, ROW_COLUMNS, type RowColumns } from './schema.ts'

/** The reading statements of an index, prepared at first use. */
export class Selects {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()
  readonly #get: StatementSync
  /** No key or value has been found yet that is no text. */
  #isText = true

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#get = this.#prepare(`SELECT ${COLUMNS_BEHIND_KEY} FROM current WHERE key = ?`)
  }

  // The key is not read back: a blob of its own costs as much as the search.
  get(key: Uint8Array): RowColumns | undefined {
    const found: unknown = this.#get.get(key)
    if (found === undefined) return undefined
    const [created, mod, version, lease, value, crc] = found as ColumnsBehindKey
    return [key, created, mod, version, lease, value, crc]
  }

  range(query: RowQuery): RowColumns[] {
    const order = query.descending ? 'DESC' : 'ASC'
    if (query.revision === undefined && query.end !== undefined) return this.#currentRange(query, query.end, order)
    const past = query.revision === undefined ? undefined : this.#past(query.revision)
    const where = query.end === undefined ? 'key >= :start' : 'key >= :start AND key < :end'
    const sql = `SELECT ${ROW_COLUMNS} FROM current WHERE ${where}`
    const all =
      past === undefined
        ? sql
        : `${sql} AND mod <= :revision UNION ALL SELECT ${ROW_COLUMNS} FROM ${past} WHERE ${where} AND ${VISIBLE}`
    const statement = this.#prepare(`${all} ORDER BY key ${order} LIMIT :limit`)
    const rows: unknown = statement.all({ ...bindings(query, query.revision), limit: query.limit })
    return rows as RowColumns[]
  }

  // By far the most ranges are these: naming the parameters would take longer than the search.
  #currentRange({ start, limit }: RowQuery, end: ByteString, order: 'ASC' | 'DESC'): RowColumns[] {
    const rest = `FROM current WHERE key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`
    const all = (columns: string): unknown =>
      this.#prepare(`SELECT ${columns} ${rest}`).all(bytesOf(start), bytesOf(end), limit)
    if (this.#isText) {
      const rows = rowsOfText(all(TEXT_COLUMNS) as TextColumns[])
      if (rows !== undefined) return rows
      this.#isText = false
    }
    return all(ROW_COLUMNS) as RowColumns[]
  }

  count(span: Span, revision: Revision | undefined): number {
    const where = span.end === undefined ? 'key >= :start' : 'key >= :start AND key < :end'
    const current = `SELECT count(*) FROM current WHERE ${where}`
    const all = (past: string): string =>
      `SELECT (${current} AND mod <= :revision) + (SELECT count(*) FROM ${past} WHERE ${where} AND ${VISIBLE})`
    const sql = revision === undefined ? current : all(this.#past(revision))
    const row: unknown = this.#prepare(sql).get(bindings(span, revision))
    return Number(rowOf(row)?.[0])
  }

  // One statement for all: a search for each takes many times as long.
  countOf(keys: readonly ByteString[], revision: Revision | undefined): number {
    const isPlain = keys.every(key => PLAIN.test(key))
    const named = `json_each(:keys) AS named JOIN`
    const key = isPlain ? 'CAST(named.value AS BLOB)' : 'unhex(named.value)'
    const current = `SELECT count(*) FROM ${named} current ON current.key = ${key}`
    const past = `SELECT count(*) FROM ${named} past ON past.key = ${key} WHERE ${VISIBLE}`
    const sql = revision === undefined ? current : `SELECT (${current} WHERE mod <= :revision) + (${past})`
    const texts = JSON.stringify(isPlain ? keys : keys.map(each => bytesOf(each).toString('hex')))
    const row: unknown = this.#prepare(sql).get({ keys: texts, ...(revision === undefined ? {} : { revision }) })
    return Number(rowOf(row)?.[0])
  }

  // By key, each page of a late revision would read all replaced rows there to find that none of them is of it.
  #past(revision: Revision): string {
    const row: unknown = this.#prepare(LATER).get({ revision })
    return Number(rowOf(row)?.[0]) < PAST_FEW_ROWS ? 'past INDEXED BY past_ended' : 'past'
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      statement.setReturnArrays(true)
      this.#prepared.set(sql, statement)
    }
    return statement
  }
}

// A blob comes with memory of its own, which takes several times as long as a text; the control plane has texts only.
const TEXT_COLUMNS =
  'CAST(key AS TEXT), created, mod, version, lease, CAST(value AS TEXT), crc, length(key), length(value)'

type TextColumns = readonly [string, number, number, number, number, string, number, number, number]

// Undefined when one of them is no text: bytes that are no UTF-8 were replaced, or what is behind a zero is missing.
function rowsOfText(texts: readonly TextColumns[]): RowColumns[] | undefined {
  const rows: RowColumns[] = []
  for (const [keyText, created, mod, version, lease, valueText, crc, keyBytes, valueBytes] of texts) {
    const [key, value] = [Buffer.from(keyText), Buffer.from(valueText)]
    if (key.byteLength !== keyBytes || value.byteLength !== valueBytes) return undefined
    if (keyText.includes(REPLACEMENT) || valueText.includes(REPLACEMENT)) return undefined
    rows.push([key, created, mod, version, lease, value, crc])
  }
  return rows
}

// Text that JSON, SQLite and bytes have alike.
const PLAIN = /^[ -~]*$/

const REPLACEMENT = '\ufffd'

// One statement reads both tables, so that a row which moves from one to the other meanwhile is seen exactly once.
const VISIBLE = 'mod <= :revision AND ended > :revision'

const LATER = `SELECT count(*) FROM (SELECT 1 FROM past WHERE ended > :revision LIMIT ${PAST_FEW_ROWS})`

function bindings(span: Span, revision: Revision | undefined): Record<string, Uint8Array | number> {
  return {
    start: bytesOf(span.start),
    ...(span.end === undefined ? {} : { end: bytesOf(span.end) }),
    ...(revision === undefined ? {} : { revision }),
  }
}

function rowOf(row: unknown): RowColumns | undefined {
  return row as RowColumns | undefined
}
