import type { World } from '#base'
import { machineClock, machineEntropy } from './clock.ts'
import { machineDisk } from './disk.ts'
import { machineLog } from './log.ts'

/** The real machine. */
export const machineWorld: World = {
  clock: machineClock,
  entropy: machineEntropy,
  disk: machineDisk,
  log: machineLog,
}

export { makeFolders } from './folders.ts'
export { type JsonPost, postJson } from './post-json.ts'
export { machineClock, machineDisk, machineEntropy, machineLog }
