import type { World } from '#base'
import { checkMarks, HISTORY, type Keyspace, openEmbeddedKeyspace, openEtcdKeyspace, sqliteIndex } from '#keyspace'
import { embeddedFolder, type KeyspaceChoice } from './choice.ts'
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
  const { endpoints, prefix } = choice
  const { tls, login } = readEtcdFiles(choice)
  const urls = endpoints.map(endpoint => new URL(endpoint))
  return openEtcdKeyspace({ world, endpoints: urls, prefix, tls, login, historyMs: HISTORY.ms }, signal)
}
