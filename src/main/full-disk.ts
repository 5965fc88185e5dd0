import path from 'node:path'
import { type Awaitable, isFault, isSystemError, type World } from '#base'
import { mainFault } from './faults.ts'
import { RESERVE_BYTES } from './limits.ts'

/**
 * Does a step of the start. On a full disk it gives up the reserve and tries once more, so that what is stored can be
 * read and removed. Faults: NoSpace.
 */
export async function despiteFullDisk<Value>(
  dataFolder: string,
  world: World,
  step: () => Awaitable<Value>,
): Promise<Value> {
  try {
    return await step()
  } catch (error) {
    if (!isFull(error)) throw error
    if (world.disk.stat(fileOf(dataFolder)) === undefined) throw noSpace(dataFolder, error)
    world.log.warn('the disk is full: the reserve is given up', { dataFolder })
    world.disk.remove(fileOf(dataFolder))
  }
  try {
    return await step()
  } catch (error) {
    throw isFull(error) ? noSpace(dataFolder, error) : error
  }
}

/** Keeps DATA/reserve, the room a start needs; a disk that has none for it goes without. */
export function keepReserve(dataFolder: string, { disk, entropy }: World): void {
  const file = fileOf(dataFolder)
  if (disk.stat(file)?.bytes === RESERVE_BYTES) return
  try {
    using open = disk.open(file, 'create')
    // Zeros would take no room on some filesystems.
    open.write([entropy.bytes(RESERVE_BYTES)], 0)
  } catch (error) {
    if (!isFull(error)) throw error
    disk.remove(file)
  }
}

function fileOf(dataFolder: string): string {
  return path.join(dataFolder, 'reserve')
}

function isFull(error: unknown): boolean {
  if (isSystemError(error, 'ENOSPC') || isSystemError(error, 'EDQUOT')) return true
  if (isFault(error)) return error.code === 'NoSpace' || error.code === 'DiskFull'
  // SQLITE_FULL, https://sqlite.org/rescode.html#full
  return error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === 13
}

function noSpace(dataFolder: string, cause: unknown): Error {
  return mainFault('NoSpace', `the disk of ${dataFolder} is full: Cairn cannot start`, {
    hint: 'Free a few megabytes there; Cairn then starts, and its own files can be removed.',
    cause,
  })
}
