import fs from 'node:fs'
import path from 'node:path'
import { isSystemError } from '#base'

/**
 * Makes a folder with the folders above it, all of them with `mode`; one that is there is fine. Errors are the system's
 * own. Node's recursive mkdir does not come back where nothing can be made and the system says ENOENT, as below /proc.
 */
export function makeFolders(folder: string, mode: number): void {
  try {
    fs.mkdirSync(folder, { mode })
  } catch (error) {
    if (isSystemError(error, 'EEXIST') && fs.statSync(folder).isDirectory()) return
    const parent = path.dirname(folder)
    if (!isSystemError(error, 'ENOENT') || fs.existsSync(parent)) throw error
    makeFolders(parent, mode)
    makeFolders(folder, mode)
  }
}
