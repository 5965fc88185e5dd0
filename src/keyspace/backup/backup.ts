import type { Keyspace, KeySet, KeyValue } from '../keyspace.ts'
import { BACKUP_PAGE_ENTRIES } from '../limits.ts'
import { BackupEncoder } from './format.ts'
import { isMark } from './marks.ts'

/** A piece of a backup, and how far it has come. */
export interface BackupPiece {
  readonly bytes: Uint8Array
  readonly entries: number
  readonly entriesAll: number
  /** Entries that are left out because they end by themselves, with their lease. */
  readonly leased: number
}

/** Every key. */
export const ALL: KeySet = { kind: 'prefix', prefix: '' }

/**
 * Everything in a keyspace as of one revision, as the bytes of a file, while writes go on. What hangs on a lease is left
 * out. Faults: Compacted when it takes longer than history is kept.
 */
export async function* backupOf(keyspace: Keyspace, signal: AbortSignal): AsyncGenerator<BackupPiece> {
  const { revision } = await keyspace.range({ keys: ALL, want: 'count' }, signal)
  const kept = { all: 0, leased: 0 }
  // Counted first, because the file's head says how many there are.
  for await (const page of pagesOf(keyspace, { revision, want: 'keys' }, signal)) {
    for (const entry of page) {
      if (isKept(entry)) kept.all += 1
      else if (entry.lease !== undefined) kept.leased += 1
    }
  }
  const encoder = new BackupEncoder()
  const far = { entriesAll: kept.all, leased: kept.leased }
  yield { bytes: encoder.head({ revision, entries: kept.all }), entries: 0, ...far }
  let entries = 0
  for await (const page of pagesOf(keyspace, { revision }, signal)) {
    const rows = page.filter(isKept)
    entries += rows.length
    yield { bytes: encoder.rows(rows), entries, ...far }
  }
  yield { bytes: encoder.end(), entries, ...far }
}

/** All entries in order, as of one revision, a few at a time. */
export async function* pagesOf(
  keyspace: Keyspace,
  asked: { readonly revision: KeyValue['modRevision']; readonly want?: 'keys' },
  signal: AbortSignal,
): AsyncGenerator<readonly KeyValue[]> {
  const limit = asked.want === 'keys' ? 100 * BACKUP_PAGE_ENTRIES : BACKUP_PAGE_ENTRIES
  for (let start = ''; ; ) {
    const keys = { kind: 'range', start, end: undefined } as const
    const { entries, more } = await keyspace.range({ ...asked, keys, limit }, signal)
    const last = entries.at(-1)
    if (last === undefined) return
    yield entries
    if (!more) return
    start = `${last.key}\0`
  }
}

function isKept({ key, lease }: KeyValue): boolean {
  return lease === undefined && !isMark(key)
}
