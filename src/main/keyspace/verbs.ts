import fs from 'node:fs'
import path from 'node:path'
import type { World } from '#base'
import { backupOf, type FillingTold } from '#keyspace'
import { type BackupRow, type FillingRow, keyspaceBackup, keyspaceMigrate, type KeyspaceWords } from '#rpc'
import { isDataFolder } from '../data-folder.ts'
import { mainFault } from '../faults.ts'
import { cannotWrite, openToWrite, refuseOccupied } from './backup-file.ts'
import { choiceOf, readChoice } from './choice.ts'
import { gated } from './gate.ts'
import { moveTo } from './move.ts'
import { openControlKeyspace } from './open.ts'
import { runningControl } from './running.ts'
import { rowOf } from './told.ts'

/** A data folder and a file with a backup. */
export interface BackupGiven {
  readonly dataFolder: string
  readonly file: string
  readonly isForced: boolean
}

/** Writes a backup of the keyspace of a data folder, whether Cairn runs there or not. Faults: Occupied, Compacted. */
export async function backupKeyspace(
  { dataFolder, file, isForced }: BackupGiven,
  { world, tell }: { readonly world: World; readonly tell: (row: BackupRow) => void },
  signal: AbortSignal,
): Promise<BackupRow> {
  refuseOccupied(file, isForced)
  let last: BackupRow = { entries: 0, entriesAll: 0, leased: 0 }
  const fresh = `${file}.new`
  const handle = await openToWrite(fresh)
  try {
    for await (const { far, bytes } of piecesOf(dataFolder, world, signal)) {
      await handle.writeFile(bytes).catch(cannotWrite(file))
      last = far
      tell(far)
    }
    await handle.sync().catch(cannotWrite(file))
    fs.renameSync(fresh, file)
    await world.disk.syncFolder(path.dirname(file))
    return last
  } catch (error) {
    fs.rmSync(fresh, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

/** Moves the control plane of a data folder to another keyspace, whether Cairn runs there or not. */
export async function migrateControl(
  { dataFolder, to, isForced }: { readonly dataFolder: string; readonly to: KeyspaceWords; readonly isForced: boolean },
  { world, tell }: { readonly world: World; readonly tell: (row: FillingRow) => void },
  signal: AbortSignal,
): Promise<number> {
  refuseNothing(dataFolder)
  const choice = choiceOf(to)
  await using running = await runningControl(dataFolder, world, signal)
  if (running !== undefined) {
    const download = running.download(keyspaceMigrate, { to: absolute(to), isForced }, signal)
    for (;;) {
      const step = await download.next()
      if (step.done === true) return step.value.entries
      tell(step.value.head)
    }
  }
  const home = { world, dataFolder }
  await using source = await openControlKeyspace(readChoice(dataFolder), home, signal)
  const moving = {
    home,
    gate: gated(source),
    isForced,
    server: undefined,
    tell: (told: FillingTold) => tell(rowOf(told)),
  }
  return await moveTo(choice, moving, signal)
}

async function* piecesOf(dataFolder: string, world: World, signal: AbortSignal) {
  refuseNothing(dataFolder)
  await using running = await runningControl(dataFolder, world, signal)
  if (running !== undefined) {
    for await (const { head, body } of running.download(keyspaceBackup, undefined, signal))
      yield { far: head, bytes: body }
    return
  }
  await using keyspace = await openControlKeyspace(readChoice(dataFolder), { world, dataFolder }, signal)
  for await (const { bytes, ...far } of backupOf(keyspace, signal)) yield { far, bytes }
}

function refuseNothing(dataFolder: string): void {
  if (isDataFolder(dataFolder)) return
  throw mainFault('DataFolder', `there is no data folder at ${dataFolder}`, {
    hint: 'Name the data folder with --data or CAIRN_DATA.',
  })
}

function absolute(words: KeyspaceWords): KeyspaceWords {
  const resolved = (file: string | undefined) => (file === undefined ? undefined : path.resolve(file))
  const { authority, certificate, key, password } = words
  const pem = { authority: resolved(authority), certificate: resolved(certificate), key: resolved(key) }
  return { ...words, ...pem, password: resolved(password) }
}
