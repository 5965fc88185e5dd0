import { DatabaseSync } from 'node:sqlite'
import { type Figures, type JobInput, timedEach } from './job.ts'

/** Inserts `count` rows of 100 bytes into SQLite in WAL mode, each in a transaction of its own that is synced. */
export function insertRows({ path, count = 0 }: JobInput): Figures {
  const database = new DatabaseSync(path)
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode = WAL').get() ?? {}
  if (mode !== 'wal') throw new Error(`SQLite keeps the journal mode ${String(mode)}`)
  database.exec('PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)')
  const insert = database.prepare('INSERT INTO rows (text) VALUES (?)')
  const text = 'x'.repeat(100)
  const figures = timedEach(count, () => void insert.run(text))
  database.close()
  return figures
}
