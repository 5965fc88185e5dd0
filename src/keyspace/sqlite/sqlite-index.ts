import type { DatabaseSync } from 'node:sqlite'
import { assert, type ByteString, byteString, bytesOf } from '#base'
import { leaseOf, revisionOf } from '../change.ts'
import type { Span } from '../key-set.ts'
import type { KeyValue, LeaseId, Revision } from '../keyspace.ts'
import type { IndexFactory, IndexState, LeaseRow, RestoredState, RowBlock, RowIndex, RowQuery } from '../row-index.ts'
import { databasePath, entryOf, guarded, openForReading } from './schema.ts'
import { Selects } from './selects.ts'
import { WriterThread } from './writer-thread.ts'

/** The index in an SQLite database: written by a thread of its own, read here. */
export const sqliteIndex: IndexFactory = {
  async open({ world, folder, keepHistory }) {
    world.disk.makeFolder(folder)
    const thread = await WriterThread.open({ folder, keepHistory })
    try {
      const bytes = (): number =>
        FILES.reduce((sum, suffix) => sum + (world.disk.stat(databasePath(folder) + suffix)?.bytes ?? 0), 0)
      return new SqliteIndex(thread, openForReading(folder), bytes)
    } catch (error) {
      await thread.end()
      throw error
    }
  },
  remove({ world, folder }) {
    for (const suffix of FILES) world.disk.remove(databasePath(folder) + suffix)
  },
}

const FILES = ['-shm', '-wal', '']

class SqliteIndex implements RowIndex {
  readonly #thread: WriterThread
  readonly #database: DatabaseSync
  readonly #selects: Selects
  readonly bytes: () => number

  constructor(thread: WriterThread, database: DatabaseSync, bytes: () => number) {
    this.#thread = thread
    this.#database = database
    this.#selects = new Selects(database)
    this.bytes = bytes
  }

  get state(): IndexState {
    const { applied, compacted, keys } = this.#thread.state
    return {
      applied: revisionOf(applied),
      compacted: revisionOf(compacted),
      keys,
      leases: this.#leases(),
      clean: this.#thread.clean,
    }
  }

  get(key: ByteString): KeyValue | undefined {
    return this.#reading(() => {
      const row = this.#selects.get(bytesOf(key))
      return row === undefined ? undefined : entryOf(row, key)
    })
  }

  range(query: RowQuery): KeyValue[] {
    return this.#reading(() => this.#selects.range(query).map(row => entryOf(row, undefined)))
  }

  count(span: Span, revision: Revision | undefined): number {
    return this.#reading(() => this.#selects.count(span, revision))
  }

  countOf(keys: readonly ByteString[], revision: Revision | undefined): number {
    return this.#reading(() => this.#selects.countOf(keys, revision))
  }

  snapshot<Value>(reads: () => Value): Value {
    return this.#reading(reads)
  }

  leased(): { key: ByteString; lease: LeaseId }[] {
    return guarded(() => {
      const rows = this.#database.prepare('SELECT key, lease FROM current WHERE lease != 0').all()
      return rows.map(({ key, lease }) => {
        assert(key instanceof Uint8Array, 'a key is a blob')
        return { key: byteString(key), lease: leaseOf(Number(lease)) }
      })
    })
  }

  async apply(records: Uint8Array): Promise<void> {
    await this.#change({ method: 'apply', records })
  }

  async compact(revision: Revision): Promise<boolean> {
    return (await this.#change({ method: 'compact', revision })) === true
  }

  async dump(after: ByteString | undefined): Promise<RowBlock | undefined> {
    const block = await this.#thread.call({ method: 'dump', after })
    assert(block === undefined || typeof block === 'object', 'a dump is a block')
    return block
  }

  async load(block: Uint8Array, state: RestoredState | undefined): Promise<void> {
    await this.#change({ method: 'load', block, state })
  }

  async verify(signal: AbortSignal): Promise<void> {
    let after: ByteString | undefined
    do {
      signal.throwIfAborted()
      const last = await this.#thread.call({ method: 'verify', after })
      assert(last === undefined || typeof last === 'string', 'verify returns a key')
      after = last
    } while (after !== undefined)
  }

  async close(clean: boolean): Promise<void> {
    this.#database.close()
    try {
      await this.#thread.call({ method: 'close', clean })
    } finally {
      await this.#thread.end()
    }
  }

  // One transaction serves all reads between two changes: locks for each cost up to as much as the read. Until the
  // keyspace hears of a change it finds newer rows in its own memory, so this view may be behind, but never for longer.
  #reading<Value>(reads: () => Value): Value {
    return guarded(() => {
      if (!this.#database.isTransaction) this.#database.exec('BEGIN')
      return reads()
    })
  }

  async #change(call: Parameters<WriterThread['call']>[0]): ReturnType<WriterThread['call']> {
    const answer = await this.#thread.call(call)
    if (this.#database.isTransaction) guarded(() => this.#database.exec('COMMIT'))
    return answer
  }

  #leases(): LeaseRow[] {
    const rows = guarded(() => this.#database.prepare('SELECT lease, ttlMs FROM leases').all())
    return rows.map(({ lease, ttlMs }) => ({ lease: leaseOf(Number(lease)), ttlMs: Number(ttlMs) }))
  }
}
