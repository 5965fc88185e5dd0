import { clusterNodes, type NodeRow } from '#cluster'
import type { Context } from '../../context.ts'
import { openDoor } from '../../door.ts'

/** The machines of the cloud, as the running Cairn of this machine knows them. Faults: NotRunning, NotReady. */
export async function nodeRows(
  context: Context,
): Promise<{ readonly mapVersion: number; readonly nodes: readonly NodeRow[] }> {
  await using door = await openDoor(context)
  return await door.call(clusterNodes, undefined, context.signal)
}
