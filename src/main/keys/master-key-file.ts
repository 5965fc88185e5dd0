import fs from 'node:fs'
import path from 'node:path'
import { isSystemError, type World, whyOf } from '#base'
import { makeFolders } from '#host'
import { MasterKey } from '#identity'
import { mainFault } from '../faults.ts'

/** The master key in a file; undefined when there is none. Faults: MasterKey when it cannot be read or is none. */
export function readMasterKey(file: string): MasterKey | undefined {
  const text = readText(file)
  if (text === undefined) return undefined
  try {
    return MasterKey.ofText(text)
  } catch (error) {
    throw mainFault('MasterKey', `${file}: ${whyOf(error)}`, { hint: REMEDIES, cause: error })
  }
}

/** What brings the right key back, for a message. */
export const REMEDIES =
  'Put the right file back, or make it from its recovery phrase with `cairn key restore`. CAIRN_MASTER_KEY names another file.'

/** Makes a new master key and writes it. Answers the one that is there when somebody else was first. Faults: MasterKey. */
export function makeMasterKey(file: string, { entropy }: World): MasterKey {
  const made = MasterKey.make(entropy)
  return writeMasterKey(file, made) ? made : (readMasterKey(file) ?? made)
}

/** Writes a key, mode 0600, durably; false when there is one already, which stays. Faults: MasterKey. */
export function writeMasterKey(file: string, key: MasterKey): boolean {
  const fresh = `${file}.${process.pid}.new`
  try {
    makeFolders(path.dirname(file), 0o700)
    fs.writeFileSync(fresh, key.text(), { mode: 0o600, flush: true })
    try {
      fs.linkSync(fresh, file) // unlike a rename it takes nobody's place
    } finally {
      fs.rmSync(fresh, { force: true })
    }
    syncFolder(path.dirname(file))
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    if (!isSystemError(error)) throw error
    throw mainFault('MasterKey', `the master key ${file} cannot be written: ${error.message}`, {
      hint: 'Let this user write there, or name another file with CAIRN_MASTER_KEY, outside the data folder.',
      cause: error,
    })
  }
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'latin1')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    if (!isSystemError(error)) throw error
    throw mainFault('MasterKey', `the master key ${file} cannot be read: ${error.message}`, {
      hint: 'Run Cairn as the user who owns it, or name another file with CAIRN_MASTER_KEY.',
      cause: error,
    })
  }
}

function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r')
  fs.fsyncSync(fd)
  fs.closeSync(fd)
}
