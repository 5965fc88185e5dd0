import { isFault, isSystemError } from '#base'
import { type Client, type ControlStatus, connectSocket, controlDoorOf, controlStatus } from '#rpc'
import { type Context, dataFolder } from './context.ts'
import { cliFault } from './faults.ts'
import { nodeFault } from './on-controller.ts'
import { runningSupervisor } from './local/supervisor.ts'

/** Opens the local door of the running control process. Faults: NotRunning, NotReady, Unreachable (this user may not). */
export async function openControlDoor(context: Context): Promise<Client> {
  const folder = dataFolder(context)
  const { clock, version } = context.host
  try {
    return await connectSocket(controlDoorOf(folder), { clock, software: `cairn ${version}` }, context.signal)
  } catch (error) {
    const isGone = isFault(error, 'Closed') || isFault(error, 'Unreachable')
    if (!isGone || isSystemError(error.cause, 'EACCES')) throw error
    if (runningSupervisor(folder) === undefined) {
      throw cliFault('NotRunning', `Cairn does not run on ${folder}`, {
        hint: 'Start it with `cairn up`, or name its data folder with --data or CAIRN_DATA.',
        cause: error,
      })
    }
    if (isSystemError(error.cause, 'ENOENT')) {
      const elsewhere = await nodeFault(context, error)
      if (elsewhere !== undefined) throw elsewhere
      const hint = 'Start it anew with `cairn up`, without `--listen none`.'
      throw cliFault('NotRunning', `the Cairn on ${folder} was started without an API`, { hint, cause: error })
    }
    const hint = 'It may be starting: see what `cairn up` prints, then try again.'
    throw cliFault('NotReady', `the control process on ${folder} does not answer`, { hint, cause: error })
  }
}

/** How the API is: `none` when it was started without one. */
export type ApiState = ControlStatus | 'none' | 'does not answer'

/** Asks how the API is. */
export async function apiState(context: Context): Promise<ApiState> {
  try {
    await using client = await openControlDoor(context)
    return await client.call(controlStatus, undefined, context.signal)
  } catch (error) {
    if (isFault(error, 'NotRunning')) return 'none'
    if (isFault(error) && !context.signal.aborted) return 'does not answer'
    throw error
  }
}
