import type { ByteString } from '#base'
import { decodeInode, inoOf, ROOT_INO } from '../inode.ts'
import * as keys from '../keys.ts'
import { COUNTED_AT_ONCE } from '../limits.ts'
import { chargedBytes, encodeQuota, WHOLE_EMPTY, WHOLE_ID } from '../quota.ts'
import type { Tables } from './tables.ts'

/** Counts a filesystem that was made before all of it was counted: once, by reading every inode. */
export async function countWhole({ keyspace }: Tables): Promise<void> {
  const key = keys.quotaKey(WHOLE_ID)
  if (keyspace.get(key) !== undefined) return
  let [bytesUsed, inodesUsed] = [0, 0]
  let start: ByteString = keys.inodeKey(inoOf(ROOT_INO + 1))
  for (;;) {
    const { entries } = keyspace.rangeNow({ keys: { kind: 'range', start, end: INODES_END }, limit: COUNTED_AT_ONCE })
    for (const { key: at, value } of entries)
      bytesUsed += chargedBytes(decodeInode(inoOf(keys.inoOfInodeKey(at)), value))
    inodesUsed += entries.length
    const last = entries.at(-1)
    if (last === undefined) break
    start = `${last.key}\0`
    await Promise.resolve()
  }
  keyspace.commit({ then: [{ kind: 'put', key, value: encodeQuota({ ...WHOLE_EMPTY, bytesUsed, inodesUsed }) }] })
}

// Behind all keys that begin as those of inodes do.
const INODES_END = 'j'
