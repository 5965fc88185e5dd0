import type { LocalKeyspace, Revision } from '#keyspace'
import { inoOf } from '../inode.ts'
import { EXTENT_PREFIX, INODE_PREFIX, inoOfExtentKey, inoOfInodeKey } from '../keys.ts'
import type { Ino } from '../vfs.ts'

/** Inodes of which the filesystem in a keyspace says something newer than a revision; no order. */
export function changedSince(keyspace: Pick<LocalKeyspace, 'rangeNow'>, revision: Revision): readonly Ino[] {
  const inos = new Set<number>()
  for (const [prefix, inoOfKey] of KINDS) {
    const { entries } = keyspace.rangeNow({ keys: { kind: 'prefix', prefix }, want: 'keys' })
    for (const { key, modRevision } of entries) if (modRevision > revision) inos.add(inoOfKey(key))
  }
  return Array.from(inos, inoOf)
}

const KINDS = [
  [INODE_PREFIX, inoOfInodeKey],
  [EXTENT_PREFIX, inoOfExtentKey],
] as const
