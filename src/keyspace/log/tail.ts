import type { ByteString } from '#base'
import type { Change } from '../change.ts'
import type { KeyValue } from '../keyspace.ts'

/** Whether everything that the entries of one record name is still there. */
export type Survived = (entries: readonly KeyValue[]) => Promise<boolean>

/**
 * How many of the records that no sync had reached make a whole: of the keys they leave, every one names only what is
 * there. What a later record replaces or deletes may be gone, such as a chunk that was collected because of it.
 */
export async function wholePrefix(records: readonly (readonly Change[])[], survived: Survived): Promise<number> {
  let count = records.length
  for (;;) {
    const lost = await firstLost(records.slice(0, count), survived)
    if (lost === undefined) return count
    // What record `lost` left is not replaced by any record before `count`: no longer prefix is whole.
    count = lost
  }
}

async function firstLost(records: readonly (readonly Change[])[], survived: Survived): Promise<number | undefined> {
  const left = new Map<ByteString, { readonly record: number; readonly entry: KeyValue }>()
  for (const [record, changes] of records.entries()) {
    for (const change of changes) {
      if (change.kind === 'put') left.set(change.entry.key, { record, entry: change.entry })
      if (change.kind === 'delete') left.delete(change.key)
    }
  }
  let first: number | undefined
  for (const { record, entry } of left.values()) {
    if ((first === undefined || record < first) && !(await survived([entry]))) first = record
  }
  return first
}
