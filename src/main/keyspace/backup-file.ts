import fs from 'node:fs'
import { isSystemError } from '#base'
import type { ReadBytes } from '#keyspace'
import { mainFault } from '../faults.ts'

/** Makes the file of a backup; never one with a mode or a target of its own. Faults: NoSpace, NotFound. */
export async function openToWrite(file: string): Promise<fs.promises.FileHandle> {
  try {
    fs.rmSync(file, { force: true })
    return await fs.promises.open(file, 'wx', 0o600)
  } catch (error) {
    return cannotWrite(file)(error)
  }
}

/** Says why a backup cannot be written to a file. */
export function cannotWrite(file: string) {
  return (error: unknown): never => {
    if (!isSystemError(error)) throw error
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
      throw mainFault('NoSpace', `no space left for ${file}`, {
        hint: 'Free space there, or choose another disk.',
        cause: error,
      })
    }
    throw mainFault('NotFound', `${file} cannot be written: ${error.code}`, {
      hint: 'Choose another place.',
      cause: error,
    })
  }
}

/** Refuses a place where a file would take that of a folder, a device or a link, by force too. Faults: Occupied. */
export function refuseOccupied(file: string, isForced: boolean): void {
  if (!fs.existsSync(file)) return
  if (!fs.lstatSync(file).isFile()) {
    throw mainFault('Occupied', `${file} is there already, and is no regular file`, { hint: 'Choose another name.' })
  }
  if (isForced) return
  throw mainFault('Occupied', `${file} is there already`, { hint: 'Choose another name, or overwrite it: --force.' })
}

/** Opens a backup; a regular file, because it is read twice. Faults: NotFound. */
export function openToRead(file: string): { readonly fd: number } & Disposable {
  try {
    // Before it is opened: that waits for whoever writes to a pipe.
    if (!fs.statSync(file).isFile()) {
      throw mainFault('NotFound', `${file} is no regular file`, { hint: 'Name a file with a backup, as it was saved.' })
    }
    const fd = fs.openSync(file, 'r')
    return { fd, [Symbol.dispose]: () => fs.closeSync(fd) }
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw mainFault('NotFound', `${file} cannot be read`, { hint: 'Name a backup that was made before.', cause: error })
  }
}

/** Reads an open backup from its beginning. */
export function readerOf(fd: number): ReadBytes {
  let position = 0
  return async bytes => {
    const left = fs.fstatSync(fd).size - position
    const into = Buffer.alloc(Math.min(bytes, Math.max(left, 0)))
    position += fs.readSync(fd, into, 0, into.byteLength, position)
    return into
  }
}
