import { isFault } from '#base'
import { nodeStatus } from '#rpc'
import type { Context } from './context.ts'
import { openDoor } from './door.ts'
import { cliFault } from './faults.ts'

/** Why there is no control plane here, when this machine is a node of a cloud. */
export async function nodeFault(context: Context, cause?: unknown): Promise<Error | undefined> {
  const cloud = await cloudHere(context)
  if (cloud?.role !== 'node') return undefined
  const where = cloud.controllers.length === 0 ? 'a controller' : cloud.controllers.join(' or ')
  return cliFault('NotRunning', `this machine, ${cloud.name}, is a node: the control plane of its cloud is elsewhere`, {
    hint: `Run it on ${where}, or ask the API with a kubeconfig: \`cairn kubeconfig\` there makes one.`,
    cause,
  })
}

/** Refuses what only the control plane decides, when that is on other machines. Faults: NotRunning. */
export async function refuseOnNode(context: Context): Promise<void> {
  const elsewhere = await nodeFault(context)
  if (elsewhere !== undefined) throw elsewhere
}

async function cloudHere(context: Context) {
  try {
    await using client = await openDoor(context, 0)
    return (await client.call(nodeStatus, undefined, context.signal)).cloud
  } catch (error) {
    if (isFault(error)) return undefined // what was asked for says what is wrong
    throw error
  }
}
