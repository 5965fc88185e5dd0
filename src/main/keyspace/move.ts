import { type FillingTold, migrateKeyspace } from '#keyspace'
import { mainFault } from '../faults.ts'
import { type KeyspaceChoice, readChoice, wordsOfChoice, writeChoice } from './choice.ts'
import type { GatedKeyspace } from './gate.ts'
import { type KeyspaceHome, openAnyKeyspace } from './open.ts'

/** What is moved and how. */
export interface Moving {
  readonly home: KeyspaceHome
  readonly gate: GatedKeyspace
  readonly isForced: boolean
  readonly tell: (told: FillingTold) => void
}

/**
 * Moves the control plane of a data folder to another keyspace, where it is from its next start on. Answers how many
 * entries were copied. Other servers on the same keyspace must have been stopped: only this one's writers wait.
 */
export async function moveTo(choice: KeyspaceChoice, moving: Moving, signal: AbortSignal): Promise<number> {
  const { home, gate, isForced, tell } = moving
  if (samePlace(choice, readChoice(home.dataFolder))) {
    throw mainFault('Invalid', `the control plane is in ${wordsOfChoice(choice)} already`, {
      hint: 'Name another keyspace with --to.',
    })
  }
  await using target = await openAnyKeyspace(choice, home, signal)
  const freeze = () => gate.close()
  const targetWords = wordsOfChoice(choice)
  try {
    const entries = await migrateKeyspace({ source: gate.behind, target, isForced, targetWords, freeze }, tell, signal)
    writeChoice(home.dataFolder, choice)
    return entries
  } catch (error) {
    gate.reopen()
    throw error
  }
}

function samePlace(a: KeyspaceChoice, b: KeyspaceChoice): boolean {
  if (a.kind === 'embedded' || b.kind === 'embedded') return a.kind === b.kind
  return a.prefix === b.prefix && a.endpoints.some(endpoint => b.endpoints.includes(endpoint))
}
