import type { Keyspace } from '../keyspace.ts'
import { empty, endFilling, fill, refuseFull } from './fill.ts'
import { backupHead, decodeBackup, type ReadBytes } from './format.ts'
import { putMark } from './marks.ts'

/** How far a filling has come. */
export type FillingTold =
  | { readonly kind: 'checked' | 'copied'; readonly entries: number; readonly entriesAll: number }
  | { readonly kind: 'raising'; readonly revisionsLeft: number }

/** What is restored and into what. */
export interface Restoring {
  readonly keyspace: Keyspace
  /** Opens the backup anew, at its beginning: it is read twice, and checked before anything is changed. */
  readonly reader: () => ReadBytes
  /** What faults call the backup. */
  readonly name: string
  readonly isForced: boolean
}

/**
 * Fills a keyspace from a backup and answers how many entries it has now. A restore that is cut off leaves a keyspace
 * that is refused as Unfinished. Faults: BackupDamaged, NewerVersion and NotEmpty, all before anything is changed.
 */
export async function restoreBackup(
  { keyspace, reader, name, isForced }: Restoring,
  tell: (told: FillingTold) => void,
  signal: AbortSignal,
): Promise<number> {
  const { revision, entries: entriesAll } = await backupHead(reader(), name)
  let entries = 0
  for await (const rows of decodeBackup(reader(), name)) {
    signal.throwIfAborted()
    entries += rows.length
    tell({ kind: 'checked', entries, entriesAll })
  }
  await refuseFull(keyspace, isForced, signal)
  await putMark(keyspace, 'unfinished', '', signal)
  await empty(keyspace, signal)
  entries = 0
  for await (const rows of decodeBackup(reader(), name)) {
    await fill(
      keyspace,
      rows.map(entry => ({ entry })),
      signal,
    )
    entries += rows.length
    tell({ kind: 'copied', entries, entriesAll })
  }
  await endFilling(keyspace, revision, revisionsLeft => tell({ kind: 'raising', revisionsLeft }), signal)
  return entries
}
