import fs from 'node:fs'
import { isSystemError } from '#base'
import { cliFault } from '../faults.ts'

/** The text of a local file. `missing` is the remedy when there is none. Faults: Local. */
export function readLocalText(file: string, missing: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (!isSystemError(error)) throw error
    const hint = error.code === 'ENOENT' ? missing : 'Run the command as the user who runs `cairn up`, or as root.'
    throw cliFault('Local', `${file} cannot be read: ${error.message}`, { hint, cause: error })
  }
}

/** True when something is at a path. */
export function fileExists(file: string): boolean {
  return fs.existsSync(file)
}
