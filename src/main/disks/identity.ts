import fs from 'node:fs'
import { isSystemError, type World } from '#base'
import { diskId, readSmallFile, replaceSmallFile } from '#cluster'
import { exactly, shape } from '#rpc'
import { mainFault } from '../faults.ts'

const identityShape = shape({ version: exactly(1), id: diskId })

/** The name of the file that says which disk this is: without it a folder is empty, or its disk is not mounted. */
export const IDENTITY_NAME = 'cairn-disk.json'

/** By what the disk at a folder is known; undefined: there is none. Faults: DataFolder; the system's own errors. */
export function identityAt(disk: World['disk'], folder: string): string | undefined {
  const path = `${folder}/${IDENTITY_NAME}`
  const kept = readSmallFile(disk, path)
  if (kept === undefined) return undefined
  try {
    return identityShape(JSON.parse(kept), '').id
  } catch (cause) {
    const hint = 'Empty the folder to use the disk as a new one.'
    throw mainFault('DataFolder', `${path} is damaged`, { hint, cause })
  }
}

/** Makes a folder that of a new disk, durably; answers its id. */
export async function newIdentity({ disk, entropy }: Pick<World, 'disk' | 'entropy'>, folder: string): Promise<string> {
  const id = Buffer.from(entropy.bytes(16)).toString('hex')
  await replaceSmallFile(disk, `${folder}/${IDENTITY_NAME}`, `${JSON.stringify({ version: 1, id })}\n`)
  return id
}

/** Whether a disk still takes a small file, durably. */
export async function isWritable(disk: World['disk'], folder: string): Promise<boolean> {
  try {
    await replaceSmallFile(disk, `${folder}/probe`, 'cairn\n')
    disk.remove(`${folder}/probe`)
    return true
  } catch (error) {
    if (isSystemError(error)) return isFull(error)
    throw error
  }
}

/** Takes away what Cairn made on a disk: what of it cannot be removed stays. */
export async function forgetFolder(folder: string): Promise<void> {
  for (const name of ['chunks', IDENTITY_NAME]) {
    await fs.promises.rm(`${folder}/${name}`, { recursive: true, force: true })
  }
}

function isFull(error: Error): boolean {
  return isSystemError(error, 'ENOSPC') || isSystemError(error, 'EDQUOT')
}
