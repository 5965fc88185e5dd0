import { askNodes } from '#cluster'
import { type Client, type CopiesStatus, type IfLost, storeCopies, storeIfLost } from '#rpc'
import type { Context } from './context.ts'
import { openDoor } from './door.ts'
import { cliFault } from './faults.ts'

/** How many copies there are, as the running Cairn hears from all machines. Faults: NotRunning, NotReady. */
export async function copiesStatus(context: Context): Promise<CopiesStatus> {
  await using door = await openDoor(context)
  return await door.call(storeCopies, undefined, context.signal)
}

/** What is lost with a machine of the cloud. Faults: Unknown (there is none of that name), NotRunning, NotReady. */
export async function ifLost(context: Context, machine: string): Promise<IfLost> {
  await using door = await openDoor(context)
  await checkMachines(door, [machine], context.signal)
  return await door.call(storeIfLost, { machine }, context.signal)
}

/** Refuses names that no machine of the cloud has. Faults: Unknown, those of the door. */
export async function checkMachines(door: Client, names: readonly string[], signal: AbortSignal): Promise<void> {
  if (names.length === 0) return
  const { nodes } = await askNodes(door, signal)
  const unknown = names.filter(each => !nodes.some(({ name }) => name === each))
  if (unknown.length === 0) return
  throw cliFault('Unknown', `there is no machine ${unknown.join(', ')}`, { hint: '`cairn node ls` lists them.' })
}
