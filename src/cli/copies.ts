import { askNodes } from '#cluster'
import { type CopiesStatus, type IfLost, storeCopies, storeIfLost } from '#rpc'
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
  const { nodes } = await askNodes(door, context.signal)
  if (!nodes.some(({ name }) => name === machine)) {
    throw cliFault('Unknown', `there is no machine ${machine}`, { hint: '`cairn node ls` lists them.' })
  }
  return await door.call(storeIfLost, { machine }, context.signal)
}
