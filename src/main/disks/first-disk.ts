import type { World } from '#base'
import { diskId, nodeFolderOf, readSmallFile, replaceSmallFile } from '#cluster'
import { exactly, shape } from '#rpc'
import { mainFault } from '../faults.ts'

const diskShape = shape({ version: exactly(1), id: diskId })

/** By what the disk under the data folder is known in the cloud: 32 hexadecimal digits, made once. Faults: DataFolder. */
export async function ownDiskId(
  { disk, entropy }: Pick<World, 'disk' | 'entropy'>,
  dataFolder: string,
): Promise<string> {
  const path = `${nodeFolderOf(dataFolder)}/disk.json`
  const kept = readSmallFile(disk, path)
  if (kept === undefined) {
    const id = Buffer.from(entropy.bytes(16)).toString('hex')
    await replaceSmallFile(disk, path, `${JSON.stringify({ version: 1, id })}\n`)
    return id
  }
  try {
    return diskShape(JSON.parse(kept), '').id
  } catch (error) {
    throw mainFault('DataFolder', `${path} is damaged`, {
      hint: 'Remove it: the disk comes back as a new one, and what it holds is copied.',
      cause: error,
    })
  }
}
