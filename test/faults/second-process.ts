import { machineDisk, machineWorld } from '#host'
import { openEmbeddedKeyspace, sqliteIndex } from '#keyspace'
import { inlineWorkers, sqliteIndex as chunkIndex, openChunkStore } from '#storage/chunks'

/** Opens the keyspace in a folder from this process. */
export function openEmbedded(folder: string): Promise<AsyncDisposable> {
  return openEmbeddedKeyspace({ world: machineWorld, folder, index: sqliteIndex })
}

/** Opens the chunk store in a folder from this process. */
export async function openChunks(folder: string): Promise<AsyncDisposable> {
  const index = chunkIndex(`${folder}/index.sqlite`)
  return openChunkStore({ world: machineWorld, folder, workers: inlineWorkers(machineDisk), index })
}
