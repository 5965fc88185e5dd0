import { SNAPSHOT_ROWS_MAX } from '../limits.ts'
import { SnapshotTable } from '../snapshot/table.ts'
import type { Handler } from './context.ts'

export const snapshots: Handler<'snapshots'> = ({ tables }, { after }) => {
  const all = new SnapshotTable(tables.keyspace).list().filter(({ id }) => id > after)
  return all.toSorted((a, b) => a.id - b.id).slice(0, SNAPSHOT_ROWS_MAX)
}
