import { isFault } from '#base'
import {
  clusterFault,
  clusterKeepHome,
  clusterSetHome,
  forMachines,
  type HomeChange,
  type Machines,
  machineOf,
  type NodeMap,
  readMap,
} from '#cluster'
import {
  answerUnary,
  type CallContext,
  type ConnectionOptions,
  connectSocket,
  controlDoorOf,
  type Handler,
  message,
} from '#rpc'

/** The control process of this machine, if it has one. */
export interface ControlSide extends ConnectionOptions {
  readonly dataFolder: string
}

/** Hands what machines want of filesystems' records to the control process of this machine. */
export function setHomeHandlers(control: ControlSide): readonly Handler[] {
  return forMachines([
    answerUnary(clusterSetHome, async (change, { peer, signal }) => keepHome(control, change, { peer, signal })),
  ])
}

/** Changes the record of a filesystem at any controller that answers; a machine that is one asks itself first. Faults: NotHome, NoController. */
export async function askSetHome(
  machines: Pick<Machines, 'own' | 'map' | 'client' | 'connect'>,
  control: ControlSide,
  change: HomeChange,
  signal: AbortSignal,
): Promise<{ readonly outcome: 'done' | 'stale'; readonly map: NodeMap }> {
  const controllers = machines.map.machines.filter(({ role }) => role === 'controller').map(({ name }) => name)
  const inOrder = [...controllers].sort(name => (name === machines.own ? -1 : 1))
  let failed: unknown
  for (const name of inOrder) {
    try {
      const { head, body } =
        name === machines.own
          ? await askControl(control, { ...change, caller: name }, signal)
          : await (machines.client(name) ?? (await machines.connect(name, signal))).exchange(
              clusterSetHome,
              message(change),
              signal,
            )
      return { outcome: head.outcome, map: readMap(body) }
    } catch (error) {
      if (signal.aborted || !isFault(error) || error.retry === 'never') throw error
      failed = error
    }
  }
  throw clusterFault('NoController', 'no controller of the cloud answers now', {
    hint: 'Look at `cairn node ls`: the controllers are off, or no way leads there.',
    cause: failed,
  })
}

async function keepHome(
  control: ControlSide,
  change: HomeChange,
  { peer, signal }: Pick<CallContext, 'peer' | 'signal'>,
) {
  const caller = peer === undefined ? undefined : machineOf(peer)?.name
  if (caller === undefined) throw clusterFault('Forbidden', 'only machines say where filesystems live')
  return askControl(control, { ...change, caller }, signal)
}

async function askControl(
  { dataFolder, ...options }: ControlSide,
  asked: HomeChange & { readonly caller: string },
  signal: AbortSignal,
) {
  try {
    await using door = await connectSocket(controlDoorOf(dataFolder), options, signal)
    return await door.exchange(clusterKeepHome, message(asked), signal)
  } catch (error) {
    if (!isFault(error, 'Unreachable')) throw error
    throw clusterFault('NoController', 'this machine has no control plane that answers now', { cause: error })
  }
}
