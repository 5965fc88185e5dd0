import fs from 'node:fs'
import path from 'node:path'
import { isSystemError } from '#base'
import { healDeadMount } from '#storage/fuse'
import { mainFault } from '../faults.ts'
import { isCairnMount, readMounts } from '../mount-info.ts'
import { isWithin, realPathOf } from '../real-path.ts'

/**
 * The real path of a folder to mount at, which is empty or does not exist yet. A dead mount there is taken away;
 * nothing else is changed. Faults: Occupied, NotEmpty, WrongKind, Invalid.
 */
export async function mountTarget(named: string, dataFolder: string): Promise<string> {
  const wanted = path.resolve(named)
  try {
    refuseInsideMount(wanted)
    await healDeadMount(wanted)
    const target = await realPathOf(wanted)
    refuseInsideMount(target)
    refuseDataFolder(target, dataFolder)
    await healDeadMount(target)
    refuseMountPoint(target)
    await refuseContent(target)
    return target
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw mainFault('Invalid', `${wanted} cannot be a mount point: ${error.message}`, { hint: CHOOSE, cause: error })
  }
}

const CHOOSE = 'Choose an empty or new folder of this user.'

// Before anything touches the path: a mount of Cairn is served by a child of this process.
function refuseInsideMount(target: string): void {
  const around = readMounts().find(
    mount => isCairnMount(mount) && mount.path !== target && isWithin(target, mount.path),
  )
  if (around === undefined) return
  throw mainFault('Occupied', `${target} is inside ${around.path}, which Cairn itself serves`, {
    hint: 'Choose a folder on a disk of this machine.',
  })
}

function refuseDataFolder(target: string, dataFolder: string): void {
  const data = path.resolve(dataFolder)
  if (isWithin(target, data)) {
    throw mainFault('Occupied', `${target} is inside the data folder ${data}`, { hint: CHOOSE })
  }
  if (isWithin(data, target)) {
    throw mainFault('Occupied', `a mount at ${target} would hide the data folder ${data}`, { hint: CHOOSE })
  }
}

function refuseMountPoint(target: string): void {
  const there = readMounts().findLast(mount => mount.path === target)
  if (there === undefined) return
  throw mainFault('Occupied', `${target} is a mount point already (${there.type} from ${there.source})`, {
    hint: `Choose another folder, or unmount it: ${isCairnMount(there) ? 'cairn fs umount' : 'umount'} ${target}`,
  })
}

async function refuseContent(target: string): Promise<void> {
  const stats = await fs.promises.stat(target).catch(error => {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  })
  if (stats === undefined) return
  if (!stats.isDirectory()) throw mainFault('WrongKind', `${target} is no folder`, { hint: CHOOSE })
  const [name] = await fs.promises.readdir(target)
  if (name === undefined) return
  throw mainFault('NotEmpty', `${target} is not empty: it holds ${JSON.stringify(name)}`, {
    hint: 'A mount would hide what is there. Choose an empty or new folder, or move the files away.',
  })
}
