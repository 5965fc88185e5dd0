import path from 'node:path'
import { isFault, type World } from '#base'
import { checkBackup, type ReadBackup, type ReadBytes, restoreBackup } from '#keyspace'
import { BODY_BYTES_MAX, type Client, type FillingRow, keyspaceRestore, keyspaceRestored, message } from '#rpc'
import { openDataFolder } from '../data-folder.ts'
import { mainFault } from '../faults.ts'
import { CONTROL_BACK_MS, RESTORE_LOOK_MS, RESTORE_SILENT_MS } from '../limits.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { openToRead, readerOf } from './backup-file.ts'
import { readChoice } from './choice.ts'
import { openAnyKeyspace } from './open.ts'
import { untilAlone } from './others.ts'
import { runningControl } from './running.ts'
import { dropStaged, newToken } from './staged.ts'
import { rowOf } from './told.ts'
import type { BackupGiven } from './verbs.ts'

interface Telling {
  readonly world: World
  readonly tell: (row: FillingRow) => void
}

/**
 * Fills the keyspace of a data folder from a backup, whether Cairn runs there or not; answers how many entries. Cairn on this
 * machine, and on others with the same keyspace, starts its control plane anew. Faults: BackupDamaged, NotEmpty, InUse,
 * AlreadyRunning, NotFound.
 */
export async function restoreKeyspace(given: BackupGiven, telling: Telling, signal: AbortSignal): Promise<number> {
  const { clock, disk } = telling.world
  using handle = openToRead(given.file)
  const restoring = { ...given, backup: { reader: () => readerOf(handle.fd), name: path.basename(given.file) } }
  for (const lateMs = clock.monotonicMs() + CONTROL_BACK_MS; ; await clock.sleep(RESTORE_LOOK_MS, signal)) {
    try {
      const token = await handOver(restoring, telling, signal)
      if (token !== undefined) return await untilRestored({ ...given, token }, telling, signal)
      await openDataFolder(given.dataFolder) // this machine may be a new one
      using _instance = takeInstance(given.dataFolder, disk)
      return await restoreHere(restoring, telling, signal)
    } catch (error) {
      // Cairn runs, and its control process starts anew, perhaps from another backup.
      const isAnew = STARTS_ANEW.some(code => isFault(error, code))
      if (!isAnew || clock.monotonicMs() > lateMs) throw error
    }
  }
}

const STARTS_ANEW = ['AlreadyRunning', 'Closed', 'Moving'] as const

interface Restoring extends BackupGiven {
  readonly backup: ReadBackup
}

/** Gives the backup to the control process that runs; undefined when none does. */
async function handOver(
  { dataFolder, backup, isForced }: Restoring,
  { world, tell }: Telling,
  signal: AbortSignal,
): Promise<string | undefined> {
  await using running = await runningControl(dataFolder, world, signal)
  if (running === undefined) return undefined
  await checkBackup(backup, told => tell(rowOf(told)), signal)
  const items = piecesOf(backup.reader())
  return (await running.upload(keyspaceRestore, { params: { isForced }, items }, signal)).token
}

async function restoreHere(
  { dataFolder, backup, isForced }: Restoring,
  { world, tell }: Telling,
  signal: AbortSignal,
): Promise<number> {
  const choice = readChoice(dataFolder)
  await using keyspace = await openAnyKeyspace(choice, { world, dataFolder }, signal)
  const alone = () => untilAlone({ keyspace, choice }, world, signal)
  const restoring = { ...backup, keyspace, isForced, token: newToken(world), alone }
  const entries = await restoreBackup(restoring, told => tell(rowOf(told)), signal)
  dropStaged(dataFolder)
  return entries
}

async function* piecesOf(read: ReadBytes) {
  for (;;) {
    const bytes = await read(BODY_BYTES_MAX)
    if (bytes.byteLength === 0) return
    yield message(undefined, bytes)
  }
}

// The process that took the backup ends, and the next one restores it before anything else.
async function untilRestored(
  { dataFolder, token }: { readonly dataFolder: string; readonly token: string },
  { world, tell }: Telling,
  signal: AbortSignal,
): Promise<number> {
  const { clock } = world
  let heardMs = clock.monotonicMs()
  const hear = async (client: Client): Promise<number> => {
    const download = client.download(keyspaceRestored, { token }, signal)
    for (;;) {
      const step = await download.next()
      heardMs = clock.monotonicMs()
      if (step.done === true) return step.value.entries
      tell(step.value.head)
    }
  }
  for (;;) {
    await using running = await runningControl(dataFolder, world, signal)
    try {
      if (running !== undefined) return await hear(running)
    } catch (error) {
      if (!isFault(error, 'Closed') && !isFault(error, 'Moving')) throw error
    }
    if (clock.monotonicMs() - heardMs > RESTORE_SILENT_MS) throw silent(dataFolder)
    await clock.sleep(RESTORE_LOOK_MS, signal)
  }
}

function silent(dataFolder: string): Error {
  return mainFault('ControlProcess', `the control plane of ${dataFolder} does not come up to be restored`, {
    hint: 'It is restored as soon as it starts: see what Cairn logs, or start it anew.',
  })
}
