import type { World } from '#base'
import { backupOf, refuseFull, restoredBy } from '#keyspace'
import {
  answerDownload,
  answerUpload,
  BODY_BYTES_MAX,
  type Handler,
  keyspaceBackup,
  keyspaceMigrate,
  keyspaceRestore,
  keyspaceRestored,
  message,
} from '#rpc'
import { mainFault } from '../faults.ts'
import { MOVED_ANSWER_MS } from '../limits.ts'
import { refuseOtherMaster } from './backup-master.ts'
import { choiceOf } from './choice.ts'
import type { GatedKeyspace } from './gate.ts'
import { moveTo } from './move.ts'
import { beingRestored } from './restoring.ts'
import { newToken, stageBackup, stagedIn } from './staged.ts'
import { Told } from './told.ts'

/** What the methods about the keyspace of a running control plane work on. */
export interface KeyspaceDoorParts {
  readonly world: World
  readonly dataFolder: string
  readonly masterKeyFile: string
  readonly gate: GatedKeyspace
  /** What this server is called among those that share a keyspace; undefined when it is alone. */
  readonly server: string | undefined
  /** Hears that the control plane has moved, or is to be restored, and why: this process is of no use any more. */
  readonly anew: (why: string) => void
}

/** Methods about the keyspace of a running control plane. */
export function keyspaceHandlers(parts: KeyspaceDoorParts): readonly Handler[] {
  const { world, dataFolder, masterKeyFile, gate, server, anew } = parts
  // Behind the answer; after a while also when who asked is gone and waits for none: nobody can write here any more.
  const endAfter = (work: Promise<unknown>, why: string): (() => void) => {
    const over = new AbortController()
    const end = (): void => {
      if (!over.signal.aborted) anew(why)
      over.abort()
    }
    work.then(
      () => world.clock.sleep(MOVED_ANSWER_MS, over.signal).then(end, () => undefined),
      () => undefined,
    )
    return end
  }
  let isStaging = false
  const stage = async (pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> => {
    if (isStaging) throw beingRestored()
    isStaging = true
    try {
      const token = newToken(world)
      await stageBackup({ dataFolder, token, pieces, refuse: refuseOtherMaster(masterKeyFile) }, world, signal)
      return token
    } catch (error) {
      isStaging = false
      throw error
    }
  }
  return [
    answerDownload(keyspaceBackup, async function* (_, { signal }) {
      for await (const { bytes, ...far } of backupOf(gate.behind, signal)) {
        for (let at = 0; at < bytes.byteLength; at += BODY_BYTES_MAX) {
          yield message(far, bytes.subarray(at, at + BODY_BYTES_MAX))
        }
      }
      return message(undefined)
    }),
    answerDownload(keyspaceMigrate, async function* ({ to, isForced }, { signal }) {
      const choice = choiceOf(to)
      const told = new Told()
      const moving = moveTo(choice, { home: { world, dataFolder }, gate, isForced, server, tell: told.tell }, signal)
      const end = endAfter(moving, `everything was moved to ${to.address}`)
      for await (const row of told.until(moving)) yield message(row)
      const entries = await moving
      setImmediate(end)
      return message({ entries })
    }),
    answerUpload(keyspaceRestore, async ({ isForced }, items, { signal }) => {
      await refuseFull(gate.behind, isForced, signal)
      const staging = stage(bodiesOf(items), signal)
      const end = endAfter(staging, 'a backup is to be restored')
      const token = await staging
      setImmediate(end)
      return message({ token })
    }),
    answerDownload(keyspaceRestored, async function* ({ token }, { signal }) {
      const entries = await restoredBy(gate.behind, token, signal)
      if (entries === undefined) throw stagedIn(dataFolder)?.token === token ? beingRestored() : notRestored()
      yield message({ step: 'copying', done: entries, all: entries })
      return message({ entries })
    }),
  ]
}

async function* bodiesOf(items: AsyncIterable<{ readonly body: Uint8Array }>) {
  for await (const { body } of items) yield body
}

function notRestored(): Error {
  return mainFault('NotFound', 'the backup was not restored, and everything is as it was before', {
    hint: 'What Cairn logs on this machine says why.',
  })
}
