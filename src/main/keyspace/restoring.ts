import { isFault, type World, whyOf } from '#base'
import { type FillingTold, restoreBackup, restoredBy } from '#keyspace'
import {
  answerDownload,
  answerUnary,
  answerUpload,
  controlDoorOf,
  controlStatus,
  keyspaceRestore,
  keyspaceRestored,
  listenSocket,
  message,
} from '#rpc'
import { mainFault } from '../faults.ts'
import { softwareName } from '../version.ts'
import { openToRead, readerOf } from './backup-file.ts'
import { readChoice } from './choice.ts'
import { openAnyKeyspace } from './open.ts'
import { untilAlone } from './others.ts'
import { dropStaged, type StagedBackup, stagedIn } from './staged.ts'
import { Told } from './told.ts'

interface Restoring {
  readonly world: World
  readonly dataFolder: string
}

/**
 * Fills the keyspace of a data folder from the backup that waits for it, when one does; the door tells how far it is. What is cut off
 * begins anew at the next start; a backup that cannot be restored is given up while nothing was changed. Faults: those of the keyspace.
 */
export async function restoreStaged(restoring: Restoring, signal: AbortSignal): Promise<void> {
  const { world, dataFolder } = restoring
  const staged = stagedIn(dataFolder)
  if (staged === undefined) return dropStaged(dataFolder) // what was cut off while it came
  world.log.info('a backup is restored')
  const told = new Told()
  const filling = fillFrom(staged, restoring, told.tell, signal)
  await using _door = await openDoor(restoring, { told, filling, token: staged.token })
  try {
    const entries = await filling
    world.log.info('a backup was restored', { entries })
  } catch (error) {
    if (!GIVEN_UP.some(code => isFault(error, code))) throw error
    world.log.warn('the backup is not restored', { why: whyOf(error) })
  }
  dropStaged(dataFolder)
}

/** Whoever else works on the keyspace stays; or the copy of the backup was damaged on this machine's disk. */
const GIVEN_UP = ['AlreadyRunning', 'BackupDamaged', 'NewerVersion'] as const

async function fillFrom(
  { file, name, token }: StagedBackup,
  { world, dataFolder }: Restoring,
  tell: (told: FillingTold) => void,
  signal: AbortSignal,
): Promise<number> {
  using handle = openToRead(file)
  const choice = readChoice(dataFolder)
  await using keyspace = await openAnyKeyspace(choice, { world, dataFolder }, signal)
  const done = await restoredBy(keyspace, token, signal)
  if (done !== undefined) return done
  const alone = () => untilAlone({ keyspace, choice }, world, signal)
  const reader = () => readerOf(handle.fd)
  return await restoreBackup({ keyspace, reader, name, isForced: true, token, alone }, tell, signal)
}

function openDoor(
  { world, dataFolder }: Restoring,
  { told, filling, token }: { readonly told: Told; readonly filling: Promise<number>; readonly token: string },
) {
  const { clock, log } = world
  const handlers = [
    answerUnary(controlStatus, () => Promise.reject(beingRestored())),
    answerUpload(keyspaceRestore, () => Promise.reject(beingRestored())),
    answerDownload(keyspaceRestored, async function* (asked) {
      if (asked.token !== token) throw beingRestored()
      for await (const row of told.until(filling)) yield message(row)
      return message({ entries: await filling })
    }),
  ]
  return listenSocket(controlDoorOf(dataFolder), { clock, log, software: softwareName(), handlers })
}

/** Why nothing is answered yet. */
export function beingRestored(): Error {
  return mainFault('Moving', 'the control plane is being restored from a backup', { hint: 'Try again in a moment.' })
}
