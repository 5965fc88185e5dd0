import type { Keyspace, KeyValue } from '../keyspace.ts'
import { RESTORES_KNOWN_MAX } from '../limits.ts'
import { empty, endFilling, fill, refuseFull } from './fill.ts'
import { backupHead, decodeBackup, type ReadBytes } from './format.ts'
import { dropMark, markPut, putMark, readMark } from './marks.ts'

/** How far a filling has come. */
export type FillingTold =
  | { readonly kind: 'checked' | 'copied'; readonly entries: number; readonly entriesAll: number }
  | { readonly kind: 'raising'; readonly revisionsLeft: number }

/** A backup, as it is read. */
export interface ReadBackup {
  /** Opens it anew, at its beginning: it is read twice, and checked before anything is changed. */
  readonly reader: () => ReadBytes
  /** What faults call it. */
  readonly name: string
  /** Throws when rows are of no use to who restores them. */
  readonly refuse?: ((rows: readonly KeyValue[]) => void) | undefined
}

/** What is restored and into what. */
export interface Restoring extends ReadBackup {
  readonly keyspace: Keyspace
  readonly isForced: boolean
  /** A word that nobody else chooses: {@link restoredBy} finds it when all is done. */
  readonly token: string
  /** Resolves when nobody else works on the keyspace, who sees by a mark that it is to be filled; rejects when somebody does not go. */
  readonly alone: () => Promise<void>
}

/** Reads all of a backup, and answers how many entries it has. Faults: BackupDamaged, NewerVersion, those of `refuse`. */
export async function checkBackup(
  { reader, name, refuse }: ReadBackup,
  tell: (told: FillingTold) => void,
  signal: AbortSignal,
): Promise<number> {
  const { entries: entriesAll } = await backupHead(reader(), name)
  let entries = 0
  for await (const rows of decodeBackup(reader(), name)) {
    signal.throwIfAborted()
    refuse?.(rows)
    entries += rows.length
    tell({ kind: 'checked', entries, entriesAll })
  }
  return entries
}

/**
 * Fills a keyspace from a backup and answers how many entries it has now. A restore that is cut off leaves a keyspace
 * that is refused as Unfinished. Faults: BackupDamaged, NewerVersion, NotEmpty and those of `alone`, all before anything is changed.
 */
export async function restoreBackup(
  { keyspace, reader, name, isForced, token, alone }: Restoring,
  tell: (told: FillingTold) => void,
  signal: AbortSignal,
): Promise<number> {
  const entriesAll = await checkBackup({ reader, name }, tell, signal)
  await refuseFull(keyspace, isForced, signal)
  const before = await restoresIn(keyspace, signal)
  await takeAlone(keyspace, alone, signal)
  await empty(keyspace, signal)
  let entries = 0
  for await (const rows of decodeBackup(reader(), name)) {
    await fill(
      keyspace,
      rows.map(entry => ({ entry })),
      signal,
    )
    entries += rows.length
    tell({ kind: 'copied', entries, entriesAll })
  }
  const { revision: above } = await backupHead(reader(), name)
  const also = [markPut('restored', [`${token} ${entries}`, ...before].slice(0, RESTORES_KNOWN_MAX).join('\n'))]
  await endFilling(keyspace, { above, also, tell: revisionsLeft => tell({ kind: 'raising', revisionsLeft }) }, signal)
  return entries
}

/** How many entries were restored by these words, when that is one of the last few restores. */
export async function restoredBy(keyspace: Keyspace, token: string, signal: AbortSignal): Promise<number | undefined> {
  const rows = (await restoresIn(keyspace, signal)).map(row => row.split(' '))
  const entries = rows.find(([by]) => by === token)?.[1]
  return entries === undefined ? undefined : Number(entries)
}

// The newest first.
async function restoresIn(keyspace: Keyspace, signal: AbortSignal): Promise<readonly string[]> {
  return (await readMark(keyspace, 'restored', signal))?.split('\n') ?? []
}

// The mark of one that was cut off before stays.
async function takeAlone(keyspace: Keyspace, alone: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const wasWhole = (await readMark(keyspace, 'unfinished', signal)) === undefined
  await putMark(keyspace, 'unfinished', '', signal)
  try {
    await alone()
  } catch (error) {
    if (wasWhole) await dropMark(keyspace, 'unfinished', signal)
    throw error
  }
}
