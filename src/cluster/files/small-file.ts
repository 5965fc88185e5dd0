import { type Disk, isSystemError } from '#base'

/** What small files need of a disk. */
export type SmallDisk = Pick<Disk, 'open' | 'makeFolder' | 'remove' | 'rename' | 'syncFolder'>

/** The text of a small file; undefined when it is not there. */
export function readSmallFile(disk: SmallDisk, path: string): string | undefined {
  try {
    using file = disk.open(path, 'read')
    const bytes = new Uint8Array(file.size())
    return new TextDecoder().decode(bytes.subarray(0, file.read(bytes, 0)))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Puts a small file in the place of what is there: after a power cut it is the old one or the new one, whole. */
export async function replaceSmallFile(disk: SmallDisk, path: string, text: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const fresh = `${path}.new`
  disk.makeFolder(folder)
  disk.remove(fresh)
  {
    using file = disk.open(fresh, 'create')
    file.write([new TextEncoder().encode(text)], 0)
    await file.sync()
  }
  disk.rename(fresh, path)
  await disk.syncFolder(folder)
}
