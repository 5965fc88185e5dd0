import fs from 'node:fs'
import path from 'node:path'
import type { World } from '#base'
import { checkBackup, type ReadBackup } from '#keyspace'
import { cannotWrite, openToRead, openToWrite, readerOf } from './backup-file.ts'

/** DATA/control/restore-TOKEN: a backup that the next control process restores before anything else. */
export interface StagedBackup {
  readonly token: string
  readonly file: string
  /** What faults call it. */
  readonly name: string
}

/** What is kept, where, and by which words it is found again. */
export interface Staging extends Pick<ReadBackup, 'refuse'> {
  readonly dataFolder: string
  readonly token: string
  readonly pieces: AsyncIterable<Uint8Array>
}

const NAME = /^restore-([0-9a-f]{32})$/

/** Words for a restore that nobody else chooses. */
export function newToken({ entropy }: Pick<World, 'entropy'>): string {
  return Buffer.from(entropy.bytes(16)).toString('hex')
}

/** The backup that waits to be restored. */
export function stagedIn(dataFolder: string): StagedBackup | undefined {
  const token = namesIn(dataFolder).flatMap(name => NAME.exec(name)?.[1] ?? [])[0]
  return token === undefined ? undefined : stagedAs(dataFolder, token)
}

/**
 * Keeps a backup until the next control process restores it, which it does from then on whatever happens. Answers how many entries
 * it has. Faults: BackupDamaged, NewerVersion, NoSpace, those of `refuse`.
 */
export async function stageBackup(
  { dataFolder, token, pieces, refuse }: Staging,
  { disk }: Pick<World, 'disk'>,
  signal: AbortSignal,
): Promise<number> {
  const { file, name } = stagedAs(dataFolder, token)
  const fresh = `${file}.new`
  try {
    {
      await using handle = await openToWrite(fresh)
      for await (const piece of pieces) await handle.writeFile(piece).catch(cannotWrite(fresh))
      await handle.sync().catch(cannotWrite(fresh))
    }
    using handle = openToRead(fresh)
    const entries = await checkBackup({ reader: () => readerOf(handle.fd), name, refuse }, () => undefined, signal)
    fs.renameSync(fresh, file)
    await disk.syncFolder(path.dirname(file))
    return entries
  } catch (error) {
    fs.rmSync(fresh, { force: true })
    throw error
  }
}

/** Nothing waits to be restored any more. */
export function dropStaged(dataFolder: string): void {
  for (const name of namesIn(dataFolder)) fs.rmSync(path.join(controlOf(dataFolder), name), { force: true })
}

function stagedAs(dataFolder: string, token: string): StagedBackup {
  return { token, file: path.join(controlOf(dataFolder), `restore-${token}`), name: 'the backup to restore' }
}

// What was cut off while it was written has another ending.
function namesIn(dataFolder: string): readonly string[] {
  return fs.existsSync(controlOf(dataFolder))
    ? fs.readdirSync(controlOf(dataFolder)).filter(name => name.startsWith('restore-'))
    : []
}

function controlOf(dataFolder: string): string {
  return path.join(dataFolder, 'control')
}
