import type { Client } from '#client'
import { clusterNodes, type NodeRow } from '#cluster'
import { withApi } from '../../api/with-api.ts'
import { type Context, dataFolder } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { cliFault } from '../../faults.ts'
import { kubeconfigOf } from '#rpc'
import { fileExists } from '../../local/text-file.ts'

/** The machines of the cloud, as the running Cairn of this machine knows them. Faults: NotRunning, NotReady. */
export async function nodeRows(
  context: Context,
): Promise<{ readonly mapVersion: number; readonly nodes: readonly NodeRow[] }> {
  await using door = await openDoor(context)
  return await door.call(clusterNodes, undefined, context.signal)
}

/** Changes something of the cloud by its API, which only controllers have. Faults: Usage (another machine has it), NotRunning. */
export async function withCloudApi(context: Context, work: (client: Client) => Promise<void>): Promise<void> {
  if (!fileExists(kubeconfigOf(dataFolder(context)))) {
    const { nodes } = await nodeRows(context)
    const own = nodes.find(({ isOwn }) => isOwn)
    const controllers = nodes.filter(({ role }) => role === 'controller').map(({ name }) => name)
    if (own?.role === 'node') {
      throw cliFault('Usage', 'this machine has no control plane: what changes the cloud is done on a controller', {
        hint: `Run the same command on ${controllers.join(' or ')}.`,
      })
    }
  }
  await withApi(context, work)
}
