import { type Fault, isFault, isSystemError } from '#base'
import { type Client, connectSocket, doorOf } from '#rpc'
import { type Context, dataFolder } from './context.ts'
import { cliFault } from './faults.ts'
import { DOOR_MS_MAX, DOOR_POLL_MS } from './limits.ts'
import { runningSupervisor } from './local/supervisor.ts'

/**
 * Opens the local door of the running Cairn, waiting a moment while its storage process is being replaced.
 * Faults: NotRunning, NotReady, Unreachable (this user may not).
 */
export async function openDoor(context: Context, patienceMs = DOOR_MS_MAX): Promise<Client> {
  const { clock } = context.host
  const endMs = clock.monotonicMs() + patienceMs
  for (;;) {
    try {
      return await connect(context)
    } catch (error) {
      const fault = doorFault(error, dataFolder(context))
      if (!isFault(fault, 'NotReady') || clock.monotonicMs() >= endMs) throw fault
    }
    await clock.sleep(DOOR_POLL_MS, context.signal)
  }
}

function connect(context: Context): Promise<Client> {
  const { clock, version } = context.host
  return connectSocket(doorOf(dataFolder(context)), { clock, software: `cairn ${version}` }, context.signal)
}

function doorFault(error: unknown, folder: string): unknown {
  if (isFault(error, 'Closed')) return notReady(folder, error)
  if (!isFault(error, 'Unreachable') || isSystemError(error.cause, 'EACCES')) return error
  if (runningSupervisor(folder) !== undefined) return notReady(folder, error)
  return cliFault('NotRunning', `Cairn does not run on ${folder}`, {
    hint: 'Start it with `cairn up`, or name its data folder with --data or CAIRN_DATA.',
    cause: error,
  })
}

function notReady(folder: string, cause: unknown): Fault {
  const pid = runningSupervisor(folder)
  return cliFault('NotReady', `Cairn runs on ${folder} (process ${pid ?? '?'}), but does not answer yet`, {
    hint: 'It may still be starting: see what `cairn up` prints, then try again.',
    cause,
  })
}
