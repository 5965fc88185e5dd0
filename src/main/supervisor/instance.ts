import fs from 'node:fs'
import path from 'node:path'
import type { Disk } from '#base'
import { pidFileOf, startTicksOf } from '#rpc'
import { closedFolder } from '../closed-folder.ts'
import { mainFault } from '../faults.ts'

/** Makes this process the one Cairn of a data folder until disposed. Faults: AlreadyRunning, DataFolder. */
export function takeInstance(dataFolder: string, disk: Disk): Disposable {
  try {
    return take(dataFolder, disk)
  } catch (error) {
    throw closedFolder(dataFolder, error)
  }
}

function take(dataFolder: string, disk: Disk): Disposable {
  const lock = disk.lock(path.join(dataFolder, 'lock'))
  if (lock === undefined) throw alreadyRunning(dataFolder)
  const pidFile = pidFileOf(dataFolder)
  const started = startTicksOf(fs.readFileSync('/proc/self/stat', 'latin1'))
  try {
    fs.writeFileSync(pidFile, `${process.pid} ${started}\n`, { mode: 0o600 })
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
  return {
    [Symbol.dispose]() {
      fs.rmSync(pidFile, { force: true })
      lock[Symbol.dispose]()
    },
  }
}

function alreadyRunning(dataFolder: string): Error {
  const pid = fs.existsSync(pidFileOf(dataFolder)) ? fs.readFileSync(pidFileOf(dataFolder), 'utf8').split(' ')[0] : '?'
  return mainFault('AlreadyRunning', `Cairn already runs on ${dataFolder} (process ${pid})`, {
    hint: 'See it with `cairn status`, end it with `cairn down`, or choose another folder with --data.',
  })
}
