import { askNodes, type NodeRows } from '#cluster'
import type { Context } from '../../context.ts'
import { openDoor } from '../../door.ts'

/** The machines of the cloud, as the running Cairn of this machine knows them. Faults: NotRunning, NotReady. */
export async function nodeRows(context: Context): Promise<NodeRows> {
  await using door = await openDoor(context)
  return await askNodes(door, context.signal)
}
