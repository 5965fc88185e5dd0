import type { World } from '#base'
import { checkMarks, HISTORY, type Keyspace, openEmbeddedKeyspace, openEtcdKeyspace, sqliteIndex } from '#keyspace'
import { mainFault } from '../faults.ts'
import { embeddedFolder, type EtcdChoice, type KeyspaceChoice, readChoice } from './choice.ts'
import { readEtcdFiles } from './etcd-files.ts'

/** Whose keyspace is opened. */
export interface KeyspaceHome {
  readonly world: World
  readonly dataFolder: string
  /** Hears once why nothing more is committed until it is opened again. */
  readonly failed?: ((error: Error) => void) | undefined
}

/** Opens the keyspace of a control plane. Faults: Moved, Unfinished and those of the keyspace. */
export async function openControlKeyspace(
  choice: KeyspaceChoice,
  home: KeyspaceHome,
  signal: AbortSignal,
): Promise<Keyspace> {
  const keyspace = await openAnyKeyspace(choice, home, signal)
  try {
    await checkMarks(keyspace, signal)
    return keyspace
  } catch (error) {
    await keyspace[Symbol.asyncDispose]()
    throw error
  }
}

/** Opens it whatever state it is in, to fill it. Faults: those of the keyspace. */
export async function openAnyKeyspace(
  choice: KeyspaceChoice,
  { world, dataFolder, failed }: KeyspaceHome,
  signal: AbortSignal,
): Promise<Keyspace> {
  if (choice.kind === 'embedded') {
    const folder = embeddedFolder(dataFolder)
    world.disk.makeFolder(folder)
    return openEmbeddedKeyspace({ world, folder, index: sqliteIndex, failed })
  }
  if (choice.kind === 'standby') throw standsBy()
  const { prefix } = choice
  const { tls, login } = readEtcdFiles(choice)
  const common = { world, prefix, login, historyMs: HISTORY.ms }
  if (choice.kind === 'members') return openEtcdKeyspace({ ...common, ...memberAddress(dataFolder, choice) }, signal)
  const endpoints = choice.endpoints.map(endpoint => new URL(endpoint))
  return openEtcdKeyspace({ ...common, endpoints, tls }, signal)
}

/** Where the members of the cloud's own etcd are asked: they change, and their certificates are renewed. */
export function memberAddress(dataFolder: string, first: EtcdChoice) {
  const now = (): EtcdChoice => {
    const choice = readChoice(dataFolder)
    return choice.kind === 'members' ? choice : first
  }
  return {
    endpoints: () => now().endpoints.map(endpoint => new URL(endpoint)),
    tls: () => readEtcdFiles(first).tls,
  }
}

function standsBy(): Error {
  return mainFault('NotHere', 'the control plane of this cloud is on other controllers; this one stands by', {
    hint: 'Ask there: `cairn node ls` names them.',
  })
}
