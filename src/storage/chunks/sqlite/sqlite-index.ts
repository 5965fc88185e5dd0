import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { type Digest, digestBytes, digestOf, isFault } from '#base'
import type { ChunkIndex, ChunkRow, IndexBatch, RowRange } from '../chunk-index.ts'
import { chunkFault } from '../faults.ts'
import type { ChunkState, Codec } from '../record.ts'

/** The index in an SQLite file of its own, made when missing, made anew when it is not one of this version. */
export function sqliteIndex(file: string): ChunkIndex {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  return new SqliteIndex(file)
}

const VERSION = 2
const SCHEMA = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096; PRAGMA wal_autocheckpoint = 4000;
  CREATE TABLE IF NOT EXISTS chunks(
    digest BLOB PRIMARY KEY, segment INTEGER, offset INTEGER, stored INTEGER, plain INTEGER, codec INTEGER,
    state INTEGER, checksum INTEGER, checks BLOB) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notes(name TEXT PRIMARY KEY, value TEXT, checksum INTEGER) WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};`
const CODECS: readonly Codec[] = ['raw', 'zstd']
const STATES: readonly ChunkState[] = ['held', 'cached', 'condemned', 'quarantined']
// Behind every digest.
const END = Buffer.alloc(33, 255)
const COLUMNS = 'digest, segment, offset, stored, plain, codec, state, checksum, checks'

class SqliteIndex implements ChunkIndex {
  readonly #file: string
  #tables: Tables

  constructor(file: string) {
    this.#file = file
    this.#tables = openOrRemake(file)
  }

  get(digest: Digest): ChunkRow | undefined {
    const bytes = digestBytes(digest)
    const found = guard(() => this.#tables.get.get(bytes))
    return found === undefined ? undefined : rowOf(digest, found)
  }

  write(batch: IndexBatch): void {
    guard(() => {
      const { database } = this.#tables
      database.exec('BEGIN')
      try {
        this.#writeRows(batch)
        this.#tables.note.run('summary', batch.summary, crc32(batch.summary))
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    })
  }

  page({ from, before }: RowRange, limit: number): { digest: Digest; row: ChunkRow }[] {
    const end = before === undefined ? END : Buffer.from(before, 'latin1')
    const rows = guard(() => this.#tables.page.all(Buffer.from(from, 'latin1'), end, limit))
    return rows.map(found => {
      const bytes = found['digest']
      if (!(bytes instanceof Uint8Array) || bytes.byteLength !== 32) throw damaged()
      const digest = digestOf(bytes)
      return { digest, row: rowOf(digest, found) }
    })
  }

  summary(): string | undefined {
    const found = guard(() => this.#tables.noted.get('summary'))
    if (found === undefined) return undefined
    const { value, checksum } = found
    if (typeof value !== 'string' || crc32(value) !== checksum) throw damaged()
    return value
  }

  reset(): void {
    this.#tables.database.close()
    removeFiles(this.#file)
    this.#tables = openTables(this.#file)
  }

  [Symbol.dispose](): void {
    if (this.#tables.database.isOpen) this.#tables.database.close()
  }

  #writeRows(batch: IndexBatch): void {
    for (const { digest, row } of batch.rows) {
      const key = digestBytes(digest)
      if (row === undefined) {
        this.#tables.remove.run(key)
        continue
      }
      const numbers = numbersOf(row)
      this.#tables.put.run(key, ...numbers, checksum(digest, numbers, row.checks), row.checks ?? null)
    }
  }
}

interface Tables {
  readonly database: DatabaseSync
  readonly get: StatementSync
  readonly put: StatementSync
  readonly remove: StatementSync
  readonly page: StatementSync
  readonly note: StatementSync
  readonly noted: StatementSync
}

function openOrRemake(file: string): Tables {
  try {
    return openTables(file)
  } catch (error) {
    if (!isSqliteError(error) && !isFault(error, 'IndexDamaged')) throw error
    removeFiles(file)
    return openTables(file)
  }
}

function openTables(file: string): Tables {
  const database = new DatabaseSync(file)
  try {
    const version = database.prepare('PRAGMA user_version').get()?.['user_version']
    if (version !== 0 && version !== VERSION) throw damaged() // 0: just made
    database.exec(SCHEMA)
    return {
      database,
      get: database.prepare(
        `SELECT segment, offset, stored, plain, codec, state, checksum, checks FROM chunks WHERE digest = ?`,
      ),
      put: database.prepare(`INSERT OR REPLACE INTO chunks(${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
      remove: database.prepare('DELETE FROM chunks WHERE digest = ?'),
      page: database.prepare(`SELECT ${COLUMNS} FROM chunks WHERE digest >= ? AND digest < ? ORDER BY digest LIMIT ?`),
      note: database.prepare('INSERT OR REPLACE INTO notes(name, value, checksum) VALUES (?, ?, ?)'),
      noted: database.prepare('SELECT value, checksum FROM notes WHERE name = ?'),
    }
  } catch (error) {
    database.close()
    throw error
  }
}

function removeFiles(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) fs.rmSync(file + suffix, { force: true })
}

type Numbers = readonly [number, number, number, number, number, number]

function numbersOf(row: ChunkRow): Numbers {
  const { segment, offset, storedBytes, plainBytes, codec, state } = row
  return [segment, offset, storedBytes, plainBytes, CODECS.indexOf(codec), STATES.indexOf(state)]
}

function rowOf(digest: Digest, found: Readonly<Record<string, unknown>>): ChunkRow {
  const { segment, offset, stored, plain, codec, state } = found
  const numbers = [segment, offset, stored, plain, codec, state]
  const checks = found['checks'] instanceof Uint8Array ? found['checks'] : undefined
  if (!areNumbers(numbers) || checksum(digest, numbers, checks) !== found['checksum']) throw damaged()
  const codecName = CODECS[numbers[4]]
  const stateName = STATES[numbers[5]]
  if (codecName === undefined || stateName === undefined) throw damaged()
  const [segmentNumber, at, storedBytes, plainBytes] = numbers
  const place = { segment: segmentNumber, offset: at }
  return { ...place, storedBytes, plainBytes, codec: codecName, state: stateName, checks }
}

function areNumbers(values: readonly unknown[]): values is Numbers {
  return values.length === 6 && values.every(value => typeof value === 'number')
}

// SQLite has no checks of its own pages: a flipped bit in a row must not send a read astray.
function checksum(digest: Digest, numbers: Numbers, checks: Uint8Array | undefined): number {
  const sum = crc32(`${digest} ${numbers.join(' ')}`)
  return checks === undefined ? sum : crc32(checks, sum)
}

function guard<Value>(step: () => Value): Value {
  try {
    return step()
  } catch (error) {
    if (!isSqliteError(error) || !DAMAGE.has(error.errcode & 0xff)) throw error
    throw chunkFault('IndexDamaged', `the chunk index is damaged: ${error.message}`, { cause: error })
  }
}

// SQLITE_ERROR (a lost table), SQLITE_CORRUPT, SQLITE_NOTADB: https://sqlite.org/rescode.html
const DAMAGE: ReadonlySet<number> = new Set([1, 11, 26])

function isSqliteError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}

function damaged(): Error {
  return chunkFault('IndexDamaged', 'a row of the chunk index does not check')
}
