import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import { isFault, type World } from '#base'
import { type NodeFiles, readNodeFiles } from '#cluster'
import { connectSocket, doorOf, nodeStatus } from '#rpc'
import { threadWorkers } from '#storage/chunks'
import { memberOf, shortCloud } from '../cloud-place.ts'
import { isDataFolder } from '../data-folder.ts'
import { thisMachine } from '../disks/machine.ts'
import { MachineDisks } from '../disks/machine-disks.ts'
import { mainFault } from '../faults.ts'
import { readChoice } from '../keyspace/choice.ts'
import { HASH_THREADS, JOIN_DIAL_MS } from '../limits.ts'
import { done } from '../paths/answer.ts'
import { Filesystems } from '../storage/filesystems.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { softwareName } from '../version.ts'

/** What a data folder is to the cloud that its machine would come to. */
export type Belonging =
  | { readonly kind: 'new' }
  /** A node that was away until its certificate ended: it may get another. */
  | { readonly kind: 'lapsed'; readonly name: string }
  | { readonly kind: 'member'; readonly files: NodeFiles }

/**
 * Says what a data folder is to a cloud, also while Cairn runs on it; refuses one that belongs to another. Faults: Belongs,
 * NodeFile; when nobody can say what is in it, those of opening it.
 */
export async function belongingOf(dataFolder: string, cloud: string, world: World): Promise<Belonging> {
  if (!isDataFolder(dataFolder) || !isBegun(dataFolder)) return { kind: 'new' }
  if (isDamagedNode(dataFolder, world)) return { kind: 'new' }
  const files = readNodeFiles(world.disk, dataFolder)
  const node = files?.node
  if (files?.node.cloud === cloud) {
    const isLapsed = files.node.role === 'node' && isOver(files, world)
    return isLapsed ? { kind: 'lapsed', name: files.node.name } : { kind: 'member', files }
  }
  if (node?.role === 'node') {
    throw mainFault('Belongs', `${dataFolder} belongs to another cloud, ${shortCloud(node.cloud)}, as ${node.name}`, {
      hint: `Join with another data folder (--data). To leave that cloud: cairn node remove ${node.name} on a controller of it.`,
    })
  }
  const held = await filesOf(dataFolder, world)
  const count = held === 1 ? '1 file' : `${held} files and directories`
  throw mainFault('Belongs', `${dataFolder} has a cloud of its own, with ${count} in it`, {
    hint: 'Nothing was changed. Join with another data folder (--data), then copy what you need: cairn get, cairn put.',
  })
}

// A node whose files are damaged joins anew; what a controller has is made anew when it starts.
function isDamagedNode(dataFolder: string, { disk }: World): boolean {
  try {
    memberOf(disk, dataFolder)
    return false
  } catch (error) {
    if (!isFault(error, 'NodeFile')) throw error
    return true
  }
}

// A join that was ended before it was done leaves a folder in which nothing has begun.
function isBegun(dataFolder: string): boolean {
  if (BEGUN.some(name => fs.existsSync(`${dataFolder}/${name}`))) return true
  return fs.existsSync(`${dataFolder}/keyspace.json`) && readChoice(dataFolder).kind !== 'standby'
}

const BEGUN = ['chunks', 'control', 'fs', 'node/node.json']

function isOver({ credential }: NodeFiles, { clock }: World): boolean {
  return Date.parse(new X509Certificate(credential.certificatePem).validTo) <= Number(clock.wallNs() / 1_000_000n)
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
  const failed = () => undefined
  const { store: chunks } = opening.use(
    await MachineDisks.open({ world, dataFolder, workers, failed, machine: thisMachine }),
  )
  const filesystems = opening.use(await Filesystems.open({ world, dataFolder, chunks, mounted: new Set() }))
  let files = 0
  for (const { filesystem } of filesystems.all) files += (await done(filesystem.quotas.whole(), '/')).inodesUsed
  return files
}
