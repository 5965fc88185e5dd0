import type { World } from '#base'
import { backupOf } from '#keyspace'
import { answerDownload, BODY_BYTES_MAX, type Handler, keyspaceBackup, keyspaceMigrate, message } from '#rpc'
import { MOVED_ANSWER_MS } from '../limits.ts'
import { choiceOf } from './choice.ts'
import type { GatedKeyspace } from './gate.ts'
import { moveTo } from './move.ts'
import { Told } from './told.ts'

/** What the methods about the keyspace of a running control plane work on. */
export interface KeyspaceDoorParts {
  readonly world: World
  readonly dataFolder: string
  readonly gate: GatedKeyspace
  /** What this server is called among those that share a keyspace; undefined when it is alone. */
  readonly server: string | undefined
  /** Hears that the control plane has moved: this process is of no use any more. */
  readonly moved: (where: string) => void
}

const lasting = new AbortController().signal

/** Methods about the keyspace of a running control plane. */
export function keyspaceHandlers({ world, dataFolder, gate, server, moved }: KeyspaceDoorParts): readonly Handler[] {
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
      let isOver = false
      const end = (): void => {
        if (!isOver) moved(to.address)
        isOver = true
      }
      // Also when who asked is gone and waits for no answer: nobody can write here any more.
      moving.then(
        () => world.clock.sleep(MOVED_ANSWER_MS, lasting).then(end),
        () => undefined,
      )
      for await (const row of told.until(moving)) yield message(row)
      const entries = await moving
      setImmediate(end) // behind the answer
      return message({ entries })
    }),
  ]
}
