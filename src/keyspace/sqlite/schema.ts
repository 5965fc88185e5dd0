import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { byteString, bytesOf, isFault } from '#base'
import { leaseOf, revisionOf } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import type { KeyValue } from '../keyspace.ts'
import { newerVersion } from '../log/segment.ts'

/** What `PRAGMA user_version` says. */
const SCHEMA_VERSION = 1

/** The tables. `past` holds superseded rows; `ended` is the revision that superseded one. */
const SCHEMA = `
  CREATE TABLE current (
    key BLOB PRIMARY KEY, created INTEGER NOT NULL, mod INTEGER NOT NULL, version INTEGER NOT NULL,
    lease INTEGER NOT NULL, value BLOB NOT NULL, crc INTEGER NOT NULL
  );
  CREATE INDEX current_lease ON current (lease) WHERE lease != 0;
  CREATE TABLE past (
    key BLOB NOT NULL, created INTEGER NOT NULL, mod INTEGER NOT NULL, version INTEGER NOT NULL,
    lease INTEGER NOT NULL, value BLOB NOT NULL, crc INTEGER NOT NULL, ended INTEGER NOT NULL, PRIMARY KEY (key, mod)
  ) WITHOUT ROWID;
  CREATE INDEX past_ended ON past (ended);
  CREATE TABLE leases (lease INTEGER PRIMARY KEY, ttlMs INTEGER NOT NULL);
  CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1), applied INTEGER NOT NULL, compacted INTEGER NOT NULL,
    keys INTEGER NOT NULL, clean INTEGER NOT NULL
  );
  INSERT INTO state VALUES (1, 0, 0, 0, 1);
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** The columns of a row but its key, in the order of {@link ColumnsBehindKey}. */
export const COLUMNS_BEHIND_KEY = 'created, mod, version, lease, value, crc'

/** The columns of a row, in the order of {@link RowColumns}. */
export const ROW_COLUMNS = `key, ${COLUMNS_BEHIND_KEY}`

/** A row as SQLite gives it, without its key. */
export type ColumnsBehindKey = readonly [number, number, number, number, Uint8Array, number]

/** A row as SQLite gives it. */
export type RowColumns = readonly [Uint8Array, ...ColumnsBehindKey]

/** The database file of an index folder. */
export function databasePath(folder: string): string {
  return `${folder}/index.sqlite`
}

/** Opens the database for its one writer. Faults: IndexDamaged, NewerVersion, DiskFull. */
export function openForWriting(folder: string): DatabaseSync {
  return guarded(() => {
    const database = new DatabaseSync(databasePath(folder), { timeout: 5000 })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000')
    database.exec('PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -2048; PRAGMA temp_store = memory')
    const version = database.prepare('PRAGMA user_version').get()?.['user_version']
    if (version === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT`)
    else if (version !== SCHEMA_VERSION) throw newerVersion(databasePath(folder), Number(version))
    return database
  })
}

/** Opens the database for reads beside the writer. */
export function openForReading(folder: string): DatabaseSync {
  return guarded(() => {
    const database = new DatabaseSync(databasePath(folder), { timeout: 5000, readOnly: true })
    // No mmap: a failing disk would end the process instead of a statement.
    database.exec('PRAGMA cache_size = -4096; PRAGMA mmap_size = 0')
    return database
  })
}

/** Runs work on the database; what SQLite finds broken becomes IndexDamaged, a full disk DiskFull. */
export function guarded<Value>(work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    if (isFault(error)) throw error
    const full = error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === SQLITE_FULL
    if (full) throw keyspaceFault('DiskFull', 'no space left writing the index', { cause: error })
    throw keyspaceFault('IndexDamaged', `the index cannot be used: ${String(error)}`, { cause: error, hint: REOPEN })
  }
}

const SQLITE_FULL = 13

/** The checksum of a row: over key, value and numbers, so that any flipped bit of it shows. */
function rowCrc(key: Uint8Array, numbers: readonly number[], value: Uint8Array): number {
  scratch.set(numbers)
  return crc32(value, crc32(key, crc32(scratch)))
}

const scratch = new Float64Array(4)

/** The entry of a row. Faults: IndexDamaged when it is not what was written. */
export function entryOf(row: RowColumns, key: string | undefined): KeyValue {
  const [keyBytes, created, mod, version, lease, value, crc] = row
  if (rowCrc(keyBytes, [created, mod, version, lease], value) !== crc) throw damagedRow(keyBytes)
  return {
    key: key ?? byteString(keyBytes),
    value,
    createRevision: revisionOf(created),
    modRevision: revisionOf(mod),
    version,
    lease: lease === 0 ? undefined : leaseOf(lease),
  }
}

/** What a row binds: the columns of {@link ROW_COLUMNS}. */
export function columnsOf(entry: KeyValue): RowColumns {
  const key = bytesOf(entry.key)
  const { createRevision: created, modRevision: mod, version, value } = entry
  const lease = entry.lease ?? 0
  return [key, created, mod, version, lease, value, rowCrc(key, [created, mod, version, lease], value)]
}

function damagedRow(key: Uint8Array): Error {
  const name = Buffer.from(key).toString('hex').slice(0, 64)
  return keyspaceFault('IndexDamaged', `the index row of key ${name} (hex) is damaged`, { hint: REOPEN })
}

const REOPEN = 'Open the keyspace again: it rebuilds the index from its log.'
