import fs from 'node:fs'
import { isFault, type World } from '#base'
import { readNodeFiles } from '#cluster'
import { connectSocket, doorOf, nodeStatus } from '#rpc'
import { openChunkStore, sqliteIndex, threadWorkers } from '#storage/chunks'
import { shortCloud } from '../cloud-place.ts'
import { isDataFolder } from '../data-folder.ts'
import { mainFault } from '../faults.ts'
import { HASH_THREADS, JOIN_DIAL_MS } from '../limits.ts'
import { done } from '../paths/answer.ts'
import { Filesystems } from '../storage/filesystems.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { softwareName } from '../version.ts'

/**
 * Refuses a data folder that belongs to a cloud already, also while Cairn runs on it; `cloud` is the one that it would come to.
 * Faults: Belongs, NodeFile; when nobody can say what is in it, those of opening it.
 */
export async function refuseOwned(dataFolder: string, cloud: string, world: World): Promise<void> {
  if (!isDataFolder(dataFolder)) return
  const node = readNodeFiles(world.disk, dataFolder)?.node
  if (node?.cloud === cloud) {
    throw mainFault('Belongs', `this machine is in the cloud already, as ${node.name} (${dataFolder})`, {
      hint: 'Start it with `cairn up`, or see how it is with `cairn status`.',
    })
  }
  if (node?.role === 'node') {
    throw mainFault('Belongs', `${dataFolder} belongs to another cloud, ${shortCloud(node.cloud)}, as ${node.name}`, {
      hint: `Join with another data folder (--data). To leave that cloud: cairn node remove ${node.name} on a controller of it.`,
    })
  }
  const files = await filesOf(dataFolder, world)
  const count = files === 1 ? '1 file' : `${files} files and directories`
  throw mainFault('Belongs', `${dataFolder} has a cloud of its own, with ${count} in it`, {
    hint: 'Nothing was changed. Join with another data folder (--data), then copy what you need: cairn get, cairn put.',
  })
}

async function filesOf(dataFolder: string, world: World): Promise<number> {
  try {
    using _instance = takeInstance(dataFolder, world.disk)
    return await filesIn(dataFolder, world)
  } catch (error) {
    if (!isFault(error, 'AlreadyRunning')) throw error
    return filesTold(dataFolder, world)
  }
}

async function filesTold(dataFolder: string, { clock }: World): Promise<number> {
  const signal = AbortSignal.timeout(JOIN_DIAL_MS)
  await using client = await connectSocket(doorOf(dataFolder), { clock, software: softwareName() }, signal)
  const { filesystems } = await client.call(nodeStatus, undefined, signal)
  return filesystems.reduce((sum, each) => sum + each.inodesUsed, 0)
}

// As a start opens them: only so it is sure what survived.
async function filesIn(dataFolder: string, world: World): Promise<number> {
  const names = world.disk.list(`${dataFolder}/fs`).filter(name => !name.startsWith('.'))
  if (names.length === 0 || !fs.existsSync(`${dataFolder}/chunks`)) return 0
  await using opening = new AsyncDisposableStack()
  const workers = opening.use(threadWorkers(HASH_THREADS))
  const folder = `${dataFolder}/chunks`
  const index = sqliteIndex(`${folder}/index.sqlite`)
  const chunks = opening.use(await openChunkStore({ world, folder, workers, index, shared: true }))
  const filesystems = opening.use(await Filesystems.open({ world, dataFolder, chunks, mounted: new Set() }))
  let files = 0
  for (const { filesystem } of filesystems.all) files += (await done(filesystem.quotas.whole(), '/')).inodesUsed
  return files
}
