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
  type Message,
  message,
} from '#rpc'

/** The control process of this machine, if it has one. */
export interface ControlSide extends ConnectionOptions {
  readonly dataFolder: string
}

/** Asks the control process of this machine to change a record; `caller` wants it. Faults: NotHome, NoController (there is none). */
export type KeepHome = (
  asked: HomeChange & { readonly caller: string },
  signal: AbortSignal,
) => Promise<Message<ReturnType<typeof clusterKeepHome.result>>>

/** Hands what machines want of filesystems' records to the control process of this machine. */
export function setHomeHandlers(keep: KeepHome): readonly Handler[] {
  return forMachines([
    answerUnary(clusterSetHome, async (change, { peer, signal }) => keepHome(keep, change, { peer, signal })),
  ])
}

/** Changes the record of a filesystem at any controller that answers; a machine that is one asks itself first. Faults: NotHome, NoController. */
export async function askSetHome(
  machines: Pick<Machines, 'own' | 'map' | 'client' | 'connect'>,
  keep: KeepHome,
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
          ? await keep({ ...change, caller: name }, signal)
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

async function keepHome(keep: KeepHome, change: HomeChange, { peer, signal }: Pick<CallContext, 'peer' | 'signal'>) {
  const caller = peer === undefined ? undefined : machineOf(peer)?.name
  if (caller === undefined) throw clusterFault('Forbidden', 'only machines say where filesystems live')
  return keep({ ...change, caller }, signal)
}

/** Asks it at its door. */
export function keepHomeAt({ dataFolder, ...options }: ControlSide): KeepHome {
  return async (asked, signal) => {
    try {
      await using door = await connectSocket(controlDoorOf(dataFolder), options, signal)
      return await door.exchange(clusterKeepHome, message(asked), signal)
    } catch (error) {
      if (!isFault(error, 'Unreachable')) throw error
      throw clusterFault('NoController', 'this machine has no control plane that answers now', { cause: error })
    }
  }
}
