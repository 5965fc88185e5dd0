import { isFault, type World } from '#base'
import { type Client, connectSocket, controlDoorOf } from '#rpc'
import { softwareName } from '../version.ts'

/** The control process of a data folder, when one answers. */
export async function runningControl(
  dataFolder: string,
  { clock }: World,
  signal: AbortSignal,
): Promise<Client | undefined> {
  try {
    return await connectSocket(controlDoorOf(dataFolder), { clock, software: softwareName() }, signal)
  } catch (error) {
    if (isFault(error, 'Unreachable') || isFault(error, 'Closed')) return undefined
    throw error
  }
}
