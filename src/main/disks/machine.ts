import fs from 'node:fs'
import { type MachineMount, readMounts } from '../mount-info.ts'
import { isOwnDisk } from './own-disk.ts'

/** What a machine tells of its folders as disks. */
export interface Machine {
  readonly mounts: readonly MachineMount[]
  /** Of the filesystem under a path; errors are the system's own. */
  deviceOf(path: string): number
  /** True when a disk is there for Cairn alone, and may be filled. */
  isOwn(path: string): boolean
  /** Kept on each disk for deletion and compaction. Default: as the chunk store has it. */
  readonly ballastBytes?: number | undefined
}

/** This one, as it is at the moment. */
export const thisMachine: Machine = {
  get mounts() {
    return readMounts()
  },
  deviceOf: folder => fs.statSync(folder).dev,
  isOwn: folder => isOwnDisk(folder),
}
