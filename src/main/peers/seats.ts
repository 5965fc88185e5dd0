import { isFault, whyOf } from '#base'
import { clusterFault, clusterSeat, type Machines, machineOf, type Seat, type SeatAsked } from '#cluster'
import { answerUnary, connectSocket, controlDoorOf, type Handler, message } from '#rpc'
import type { ControlSide } from './homes.ts'

/** Hands controllers that ask for their place to the control process of this machine. */
export function seatHandlers(control: ControlSide): readonly Handler[] {
  return [
    answerUnary(clusterSeat, async ({ asked }, { peer, signal }) => {
      const caller = peer === undefined ? undefined : machineOf(peer)?.name
      return message(await askControl(control, { asked, caller }, signal))
    }),
  ]
}

/** At the local door: asks the other controllers for a place of this one. */
export function localSeatHandler(machines: () => Pick<Machines, 'own' | 'map' | 'client' | 'connect'>): Handler {
  return answerUnary(clusterSeat, async ({ asked }, { signal }) => {
    return message(await askControllers(machines(), asked, signal))
  })
}

// Those that stand by themselves pass it on.
async function askControllers(
  machines: Pick<Machines, 'own' | 'map' | 'client' | 'connect'>,
  asked: SeatAsked,
  signal: AbortSignal,
): Promise<Seat> {
  const others = machines.map.machines.filter(({ name, role }) => role === 'controller' && name !== machines.own)
  const failures: string[] = []
  for (const { name } of others) {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(REACH_MS)])
    try {
      const client = machines.client(name) ?? (await machines.connect(name, soon))
      return await client.call(clusterSeat, { asked }, signal)
    } catch (error) {
      if (signal.aborted || (!isFault(error) && !soon.aborted)) throw error
      if (isFault(error) && error.retry === 'never') throw error
      failures.push(`${name}: ${whyOf(error)}`)
    }
  }
  const why = failures.length === 0 ? '' : ` (${failures.join('; ')})`
  throw clusterFault('NoController', `no other controller of the cloud works and answers now${why}`)
}

const REACH_MS = 3_000

async function askControl(
  { dataFolder, ...options }: ControlSide,
  asked: { readonly asked: SeatAsked; readonly caller?: string | undefined },
  signal: AbortSignal,
): Promise<Seat> {
  try {
    await using door = await connectSocket(controlDoorOf(dataFolder), options, signal)
    return await door.call(clusterSeat, asked, signal)
  } catch (error) {
    if (!isFault(error, 'Unreachable')) throw error
    throw clusterFault('NoController', 'this machine has no control plane that answers now', { cause: error })
  }
}
