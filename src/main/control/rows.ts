import type { ByteString } from '#base'
import type { Keyspace, KeyValue } from '#keyspace'
import { mainFault } from '../faults.ts'

/** Stores a row unless there is one; durable when it resolves. */
export async function putNew(keyspace: Keyspace, key: ByteString, row: object, signal: AbortSignal): Promise<void> {
  const compare = [{ key, field: 'createRevision', is: 'equal', to: 0 }] as const
  const { revision } = await keyspace.txn({ compare, then: [putOf(key, row)] }, signal)
  await keyspace.sync(revision, signal)
}

/** The operation that stores a row. */
export function putOf(key: ByteString, row: object) {
  return { kind: 'put', key, value: Buffer.from(JSON.stringify({ ...row, version: 1 })) } as const
}

/** The rows whose keys begin with a prefix, the oldest first. Faults: DataNewer. */
export async function rowsBelow(keyspace: Keyspace, prefix: ByteString, signal: AbortSignal): Promise<readonly Row[]> {
  const { entries } = await keyspace.range({ keys: { kind: 'prefix', prefix } }, signal)
  return [...entries].sort((a, b) => a.createRevision - b.createRevision).map(rowOf)
}

/** The row of a key. Faults: DataNewer. */
export async function rowAt(keyspace: Keyspace, key: ByteString, signal: AbortSignal): Promise<Row | undefined> {
  const { entries } = await keyspace.range({ keys: { kind: 'key', key } }, signal)
  return entries[0] === undefined ? undefined : rowOf(entries[0])
}

/** What was stored with {@link putNew}. */
export type Row = Readonly<Record<string, unknown>>

/** Reads a row. Faults: DataNewer. */
export function rowOf({ key, value }: KeyValue): Row {
  const row: unknown = JSON.parse(Buffer.from(value).toString())
  if (typeof row === 'object' && row !== null && 'version' in row && row.version === 1) return { ...row }
  throw mainFault('DataNewer', `${key} was written by a newer Cairn`, { hint: 'Update Cairn.' })
}
