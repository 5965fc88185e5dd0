import fs from 'node:fs'
import path from 'node:path'
import { assert, isSystemError, type World, whyOf } from '#base'
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
    fs.rmSync(fresh, { force: true }) // left over, or put there by somebody else
    // Never through a link that somebody puts there meanwhile.
    fs.writeFileSync(fresh, key.text(), { mode: 0o600, flush: true, flag: 'wx' })
    const isWritten = linkNew(fresh, file)
    syncFolder(path.dirname(file))
    return isWritten
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw mainFault('MasterKey', `the master key ${file} cannot be written: ${error.message}`, {
      hint: 'Let this user write there, or name another file with CAIRN_MASTER_KEY, outside the data folder.',
      cause: error,
    })
  }
}

// Unlike a rename it takes nobody's place.
function linkNew(fresh: string, file: string): boolean {
  try {
    fs.linkSync(fresh, file)
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    throw error
  } finally {
    fs.rmSync(fresh, { force: true })
  }
}

/** The key that is to take the place of the one in `file`: one that was left over, or a new one beside it. Faults: MasterKey. */
export function nextMasterKey(file: string, world: World): MasterKey {
  refuseOfOthers(nextOf(file))
  return readMasterKey(nextOf(file)) ?? makeMasterKey(nextOf(file), world)
}

// A key that somebody else has put there is one that he knows.
function refuseOfOthers(file: string): void {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stats === undefined || (stats.isFile() && stats.uid === process.getuid?.())) return
  throw mainFault('MasterKey', `${file} is a link, or of another user`, {
    hint: 'Cairn did not put it there. Look who did, and remove it.',
  })
}

/** Puts it in that place, durably, and reads it back. Faults: MasterKey. */
export function takeNextFile(file: string, next: MasterKey): void {
  try {
    fs.renameSync(nextOf(file), file)
    syncFolder(path.dirname(file))
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw mainFault('MasterKey', `the master key ${file} cannot be replaced: ${error.message}`, {
      hint: 'Nothing has changed: the key before is good. Let this user write there, then try again.',
      cause: error,
    })
  }
  assert(readMasterKey(file)?.is(next) === true, 'the master key that was written is the one that is read')
}

/** True while a key waits to take the place of the one in `file`. */
export function hasNextMasterKey(file: string): boolean {
  return fs.existsSync(nextOf(file))
}

function nextOf(file: string): string {
  return `${file}.next`
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
