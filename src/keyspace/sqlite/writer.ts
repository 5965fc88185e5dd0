import type { DatabaseSync } from 'node:sqlite'
import { type ByteString, bytesOf } from '#base'
import { type Change, revisionOf } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import type { KeyValue } from '../keyspace.ts'
import { CHECKPOINT_BLOCK_BYTES, COMPACT_ROWS } from '../limits.ts'
import { decodeChanges, revisionOfRecord, splitRecords } from '../record.ts'
import { decodeRows, encodeRows, rowBytes } from '../row-block.ts'
import type { RestoredState, RowBlock } from '../row-index.ts'
import { columnsOf, entryOf, openForWriting, ROW_COLUMNS, type RowColumns } from './schema.ts'

/** The numbers of the table `state`. */
export interface StoredState {
  readonly applied: number
  readonly compacted: number
  readonly keys: number
  readonly clean: boolean
}

/** Rows verified in one step. */
const VERIFY_ROWS = 4000

/** The one writer of an index database. Every method is one SQLite transaction. Faults as in `RowIndex`. */
export class IndexWriter {
  readonly #database: DatabaseSync
  readonly #keepHistory: boolean
  readonly #statements: Statements
  /** True when the last end was a clean close. */
  readonly clean: boolean
  #state: StoredState

  constructor(folder: string, keepHistory: boolean) {
    this.#database = openForWriting(folder)
    this.#keepHistory = keepHistory
    this.#statements = prepare(this.#database)
    this.#state = this.#readState()
    this.clean = this.#state.clean
    this.#write(() => this.#saveState({ clean: false }))
  }

  get state(): StoredState {
    return this.#state
  }

  apply(records: Uint8Array): void {
    const fresh = [...splitRecords(records)].filter(record => revisionOfRecord(record) > this.#state.applied)
    const last = fresh.at(-1)
    if (last === undefined) return
    this.#write(() => {
      const before = this.#state
      const changes = fresh.flatMap(record => decodeChanges(record).map(change => ({ change, record })))
      let keys = before.keys
      for (const { change } of changes) keys += keyDelta(change)
      this.#applyChanges(changes)
      const applied = revisionOfRecord(last)
      // Rows of a checkpoint may be newer than the records that follow it: only then the sum is not to be trusted.
      const mixed = before.applied < before.compacted && applied >= before.compacted
      this.#saveState({ applied, keys: mixed ? this.#countKeys() : keys })
    })
  }

  compact(revision: number): boolean {
    return this.#write(() => {
      const gone = this.#statements.compact.run(revision, COMPACT_ROWS).changes
      this.#saveState({ compacted: Math.max(this.#state.compacted, revision) })
      return Number(gone) < COMPACT_ROWS
    })
  }

  dump(after: ByteString | undefined): RowBlock | undefined {
    const rows: KeyValue[] = []
    let bytes = 0
    for (const row of this.#rowsAfter(after)) {
      const entry = entryOf(row, undefined)
      rows.push(entry)
      bytes += rowBytes(entry)
      if (bytes >= CHECKPOINT_BLOCK_BYTES) break
    }
    const last = rows.at(-1)
    return last === undefined ? undefined : { bytes: encodeRows(rows), last: last.key }
  }

  load(block: Uint8Array, state: RestoredState | undefined): void {
    const rows = decodeRows(block)
    if (rows === undefined) throw keyspaceFault('CheckpointDamaged', 'a block of a checkpoint is damaged')
    this.#write(() => {
      for (const entry of rows) this.#statements.put.run(...columnsOf(entry))
      for (const { lease, ttlMs } of state?.leases ?? []) this.#statements.grant.run(lease, ttlMs)
      const restored = state === undefined ? {} : { applied: state.applied, compacted: state.compacted }
      this.#saveState({ ...restored, keys: this.#state.keys + rows.length })
    })
  }

  /** Reads some rows behind a key; returns the last key read, or undefined when all have been read. */
  verify(after: ByteString | undefined): ByteString | undefined {
    if (after === undefined) this.#quickCheck()
    let previous = after
    let count = 0
    for (const row of this.#rowsAfter(after)) {
      const { key } = entryOf(row, undefined)
      if (previous !== undefined && key <= previous) throw keyspaceFault('IndexDamaged', 'index rows are out of order')
      previous = key
      count += 1
      if (count === VERIFY_ROWS) return key
    }
    return undefined
  }

  /** Gives back the memory of pages that SQLite keeps for the next change. */
  giveBack(): void {
    this.#database.exec('PRAGMA shrink_memory')
  }

  close(clean: boolean): void {
    if (clean) this.#write(() => this.#saveState({ clean: true }))
    this.#database.close()
  }

  #applyChanges(changes: readonly { readonly change: Change; readonly record: Buffer }[]): void {
    if (this.#keepHistory) {
      for (const { change, record } of changes) this.#applyKept(change, revisionOfRecord(record))
      return
    }
    // Without history only the last change of a key matters, and a batch changes some keys a thousand times.
    const newest = new Map<ByteString, { change: Change; record: Buffer }>()
    for (const each of changes) {
      if (each.change.kind === 'put') newest.set(each.change.entry.key, each)
      else if (each.change.kind === 'delete') newest.set(each.change.key, each)
      else this.#applyOne(each.change, 0)
    }
    for (const { change, record } of newest.values()) this.#applyOne(change, revisionOfRecord(record))
  }

  #applyKept(change: Change, revision: number): void {
    if (change.kind === 'put' || change.kind === 'delete') {
      const key = change.kind === 'put' ? change.entry.key : change.key
      if (revision > this.#state.compacted) this.#statements.keepPast.run(revision, bytesOf(key), revision)
    }
    this.#applyOne(change, revision)
  }

  #applyOne(change: Change, revision: number): void {
    const statements = this.#statements
    if (change.kind === 'put') statements.put.run(...columnsOf(change.entry))
    else if (change.kind === 'delete') statements.delete.run(bytesOf(change.key), revision)
    else if (change.kind === 'grant') statements.grant.run(change.lease, change.ttlMs)
    else statements.end.run(change.lease)
  }

  #rowsAfter(after: ByteString | undefined): Iterable<RowColumns> {
    const statement = this.#statements.rowsAfter
    return statement.iterate(bytesOf(after ?? '')) as Iterable<unknown> as Iterable<RowColumns>
  }

  #quickCheck(): void {
    const found = this.#database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
    if (found !== 'ok') throw keyspaceFault('IndexDamaged', `the index is damaged: ${String(found)}`)
    if (this.#countKeys() !== this.#state.keys) throw keyspaceFault('IndexDamaged', 'the index has lost rows')
  }

  #countKeys(): number {
    return Number(this.#statements.count.get()?.['count'])
  }

  #readState(): StoredState {
    const row = this.#database.prepare('SELECT applied, compacted, keys, clean FROM state').get()
    if (row === undefined) throw keyspaceFault('IndexDamaged', 'the index has lost its state')
    const { applied, compacted, keys, clean } = row
    return { applied: Number(applied), compacted: Number(compacted), keys: Number(keys), clean: clean === 1 }
  }

  #saveState(changed: Partial<StoredState>): void {
    const state = { ...this.#state, ...changed }
    this.#statements.saveState.run(state.applied, state.compacted, state.keys, state.clean ? 1 : 0)
    this.#state = state
  }

  #write<Value>(work: () => Value): Value {
    const before = this.#state
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const value = work()
      this.#database.exec('COMMIT')
      return value
    } catch (error) {
      this.#state = before
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

type Statements = ReturnType<typeof prepare>

function prepare(database: DatabaseSync) {
  const rowsAfter = database.prepare(`SELECT ${ROW_COLUMNS} FROM current WHERE key > ? ORDER BY key`)
  rowsAfter.setReturnArrays(true)
  return {
    rowsAfter,
    put: database.prepare(
      `INSERT INTO current (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
       created = excluded.created, mod = excluded.mod, version = excluded.version, lease = excluded.lease,
       value = excluded.value, crc = excluded.crc WHERE excluded.mod > mod`,
    ),
    delete: database.prepare('DELETE FROM current WHERE key = ? AND mod < ?'),
    keepPast: database.prepare(
      `INSERT OR REPLACE INTO past (${ROW_COLUMNS}, ended) SELECT ${ROW_COLUMNS}, ? FROM current WHERE key = ? AND mod < ?`,
    ),
    compact: database.prepare(
      'DELETE FROM past WHERE (key, mod) IN (SELECT key, mod FROM past WHERE ended <= ? ORDER BY ended LIMIT ?)',
    ),
    grant: database.prepare('INSERT OR REPLACE INTO leases (lease, ttlMs) VALUES (?, ?)'),
    end: database.prepare('DELETE FROM leases WHERE lease = ?'),
    count: database.prepare('SELECT count(*) AS count FROM current'),
    saveState: database.prepare('UPDATE state SET applied = ?, compacted = ?, keys = ?, clean = ?'),
  }
}

function keyDelta(change: Change): number {
  if (change.kind === 'delete') return -1
  return change.kind === 'put' && change.entry.createRevision === revisionOf(change.entry.modRevision) ? 1 : 0
}
