import { whyOf } from '#base'
import { type FillingTold, type Keyspace, markMoved, migrateKeyspace } from '#keyspace'
import { mainFault } from '../faults.ts'
import { MOVED_MARK_MS } from '../limits.ts'
import { type KeyspaceChoice, readChoice, wordsOfChoice, writeChoice } from './choice.ts'
import type { GatedKeyspace } from './gate.ts'
import { type KeyspaceHome, openAnyKeyspace } from './open.ts'
import { refuseOthers } from './others.ts'

/** What is moved and how. */
export interface Moving {
  readonly home: KeyspaceHome
  readonly gate: GatedKeyspace
  readonly isForced: boolean
  /** What this server is called among those that share a keyspace; undefined when it is alone, or does not run. */
  readonly server: string | undefined
  readonly tell: (told: FillingTold) => void
}

/**
 * Moves the control plane of a data folder to another keyspace, where it is from its next start on. Answers how many
 * entries were copied. Other servers on either keyspace must have been stopped: only this one's writers wait. Faults:
 * AlreadyRunning, Invalid and those of the keyspace.
 */
export async function moveTo(choice: KeyspaceChoice, moving: Moving, signal: AbortSignal): Promise<number> {
  const { home, gate, isForced, server, tell } = moving
  const from = readChoice(home.dataFolder)
  if (samePlace(choice, from)) {
    throw mainFault('Invalid', `the control plane is in ${wordsOfChoice(choice)} already`, {
      hint: 'Name another keyspace with --to.',
    })
  }
  await using target = await openAnyKeyspace(choice, home, signal)
  const source = gate.behind
  // Alone on this machine's disk: what is there of others came with a move.
  if (from.kind !== 'embedded') await refuseOthers(source, server, signal)
  if (choice.kind !== 'embedded') await refuseOthers(target, undefined, signal)
  const token = Buffer.from(home.world.entropy.bytes(16)).toString('hex')
  const parts = { source, target, isForced, freeze: () => gate.close(), token }
  try {
    const entries = await migrateKeyspace(parts, tell, signal)
    // First: cut off behind it, this data folder goes on where everything is; before it, where everything was.
    writeChoice(home.dataFolder, choice)
    await tellMoved(source, choice, home)
    return entries
  } catch (error) {
    gate.reopen()
    throw error
  }
}

// For other data folders that were on the same keyspace: this one no longer looks.
async function tellMoved(source: Keyspace, choice: KeyspaceChoice, { world }: KeyspaceHome): Promise<void> {
  try {
    await markMoved(source, wordsOfChoice(choice), AbortSignal.timeout(MOVED_MARK_MS))
  } catch (error) {
    world.log.warn('the old keyspace could not be told that everything was moved', { why: whyOf(error) })
  }
}

function samePlace(a: KeyspaceChoice, b: KeyspaceChoice): boolean {
  if (a.kind === 'members' || b.kind === 'members') return a.kind === b.kind
  if (a.kind !== 'etcd' || b.kind !== 'etcd') return a.kind === b.kind
  return a.prefix === b.prefix && a.endpoints.some(endpoint => b.endpoints.includes(endpoint))
}
