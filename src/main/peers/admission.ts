import { isFault } from '#base'
import {
  clusterAdmit,
  clusterFault,
  clusterHearKnock,
  clusterJoin,
  clusterKnock,
  clusterRenew,
  type JoinParams,
  type JoinResult,
  machineOf,
  type RenewParams,
} from '#cluster'
import {
  answerUnary,
  type CallContext,
  type Client,
  type ConnectionOptions,
  connectSocket,
  controlDoorOf,
  type Handler,
  type Message,
  message,
} from '#rpc'

/** What admission needs: the control process of this machine decides. */
export interface AdmissionOptions extends ConnectionOptions {
  readonly dataFolder: string
}

/** What a stranger may ask, who calls from an address: to be let in. */
export function strangerHandlers(options: AdmissionOptions, seenFrom: string): readonly Handler[] {
  return [
    answerUnary(clusterJoin, (join, { signal }) => admit(options, { join, seenFrom }, signal)),
    answerUnary(clusterKnock, (knock, { signal }) =>
      askControl(options, control => control.exchange(clusterHearKnock, message({ knock, seenFrom }), signal), signal),
    ),
  ]
}

/** What a machine may ask of the authority: its next certificate. */
export function renewHandlers(options: AdmissionOptions): readonly Handler[] {
  return [
    answerUnary(clusterRenew, (renew, { peer, signal }) => {
      return admit(options, { renew, caller: callerOf(peer), seenFrom: '' }, signal)
    }),
  ]
}

interface Asked {
  readonly join?: JoinParams
  readonly renew?: RenewParams
  readonly caller?: { readonly name: string; readonly serial: string }
  readonly seenFrom: string
}

function callerOf(peer: CallContext['peer']): { readonly name: string; readonly serial: string } {
  if (peer !== undefined && machineOf(peer) !== undefined) return { name: peer.name, serial: peer.serial }
  throw clusterFault('Forbidden', 'only a machine gets a next certificate')
}

function admit(options: AdmissionOptions, asked: Asked, signal: AbortSignal): Promise<Message<JoinResult>> {
  return askControl(options, control => control.exchange(clusterAdmit, message(asked), signal), signal)
}

async function askControl<Value>(
  options: AdmissionOptions,
  ask: (control: Client) => Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  try {
    await using control = await connectSocket(controlDoorOf(options.dataFolder), options, signal)
    return await ask(control)
  } catch (error) {
    if (!isFault(error, 'Unreachable')) throw error
    throw clusterFault('NoController', 'this machine has no control plane that answers now', {
      hint: 'Ask a controller: `cairn node ls` names them.',
      cause: error,
    })
  }
}
