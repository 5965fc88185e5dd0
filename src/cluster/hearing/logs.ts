import type { HeardMachine } from '../methods/local.ts'

/**
 * Whether a machine that the map says to have the log of a filesystem may be believed: it was heard, and the start of it that runs
 * now has not said that it lacks it, as one with a new disk does. A version of Cairn that does not say so is believed.
 */
export function mayHaveLog(machine: HeardMachine | undefined, filesystem: string): boolean {
  if (machine?.agoMs === undefined || machine.isNew === true) return false
  return machine.lacks?.includes(filesystem) !== true
}
