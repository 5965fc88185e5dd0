import fs from 'node:fs'
import path from 'node:path'
import { isSystemError } from '#base'
import { makeFolders } from '#host'
import { DATA_VERSION, dataVersionOf, doorOf, versionFileOf } from '#rpc'
import { mainFault } from './faults.ts'
import { SOCKET_PATH_BYTES_MAX } from './limits.ts'
import { isCairnMount, readMounts } from './mount-info.ts'
import { isWithin, realPathOf } from './real-path.ts'

/**
 * Makes the data folder, mode 0700, or takes the one that is there: checks that it is ours, of a version we know, and
 * not inside a mount that Cairn itself serves. Changes nothing when it refuses. Answers its real path.
 * Faults: DataFolder, DataNewer.
 */
export async function openDataFolder(folder: string): Promise<string> {
  const wanted = path.resolve(folder)
  refuseLongPath(wanted)
  try {
    refuseInsideMount(wanted)
    refuseInsideMount(await realPathOf(wanted))
    const found = versionOf(wanted)
    if (found === undefined) createFolder(wanted)
    else if (found > DATA_VERSION) throw newer(wanted, found)
    return fs.realpathSync(wanted)
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw mainFault('DataFolder', `the data folder ${wanted} cannot be used: ${error.message}`, {
      hint: 'Choose a folder this user may write with --data or CAIRN_DATA.',
      cause: error,
    })
  }
}

/** True for a folder that is a data folder already, of whichever version. */
export function isDataFolder(folder: string): boolean {
  return fs.existsSync(versionFileOf(folder))
}

function versionOf(folder: string): number | undefined {
  const file = versionFileOf(folder)
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined
  if (text === undefined) return undefined
  const version = dataVersionOf(text)
  if (version !== undefined) return version
  throw mainFault('DataFolder', `${file} does not say which version of Cairn wrote this folder`, {
    hint: `It should hold "cairn-data ${DATA_VERSION}". Restore it, or choose another folder with --data.`,
  })
}

function createFolder(folder: string): void {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  if (names.some(name => !LEFT_BY_US.has(name))) {
    throw mainFault('DataFolder', `${folder} is not empty and not a data folder of Cairn`, {
      hint: 'Choose an empty or new folder with --data or CAIRN_DATA.',
    })
  }
  makeFolders(folder, 0o700)
  fs.chmodSync(folder, 0o700)
  const file = versionFileOf(folder)
  fs.writeFileSync(`${file}.new`, `cairn-data ${DATA_VERSION}\n`, { mode: 0o600, flush: true })
  fs.renameSync(`${file}.new`, file)
}

// What a first start that was cut off may leave before the version is written.
const LEFT_BY_US: ReadonlySet<string> = new Set(['version.new', 'lost+found'])

// Asks the mount table before anything touches the path: in a mount of Cairn, or a dead one, that may hang.
function refuseInsideMount(folder: string): void {
  const served = readMounts().find(mount => isCairnMount(mount) && isWithin(folder, mount.path))
  if (served === undefined) return
  throw mainFault('DataFolder', `the data folder ${folder} is inside ${served.path}, which Cairn itself serves`, {
    hint: 'Choose a folder on a disk of this machine with --data.',
  })
}

// A unix socket's address has 108 bytes with its NUL (unix(7)).
function refuseLongPath(folder: string): void {
  const spare = SOCKET_PATH_BYTES_MAX - Buffer.byteLength(doorOf(folder))
  if (spare >= 0) return
  throw mainFault('DataFolder', `the path of the data folder is ${-spare} bytes too long for its socket`, {
    hint: 'Choose a folder with a shorter path with --data or CAIRN_DATA.',
  })
}

function newer(folder: string, found: number): Error {
  return mainFault(
    'DataNewer',
    `${folder} was written by a newer Cairn (data version ${found}, known ${DATA_VERSION})`,
    {
      hint: 'Update Cairn, or choose another folder with --data. Nothing was changed.',
    },
  )
}
