import { isFault } from '#base'
import { askNodes, PEER_PORT } from '#cluster'
import { type BootstrapToken, joinTokenText, type NodeRole } from '#identity'
import { mainFault } from '../../faults.ts'
import type { DoorCall } from '../storage-door.ts'

/** A machine that a token is for, as people say it. */
export interface MachineWords {
  readonly role: NodeRole
  readonly addresses: readonly string[]
}

/** A token as it is passed on, and where a machine that has it will try. */
export interface ToldToken {
  readonly text: string
  readonly addresses: readonly string[]
}

/** Where this machine is reached by others: what people say first, then what it says itself. Faults: Invalid. */
export async function peerAddresses(
  { addresses }: Pick<MachineWords, 'addresses'>,
  call: DoorCall,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const given = addresses.map(withPort)
  const all = [...new Set([...given, ...(await ownAddresses(call, signal))])]
  if (all.length > 0) return all.slice(0, ADDRESSES_IN_TOKEN_MAX)
  throw mainFault('Invalid', 'no machine could reach this one: it listens for none, or has no address of its own', {
    hint: `Say where it is reached: --address HOST:${PEER_PORT}; and see \`cairn doctor\`.`,
  })
}

/** The token for a machine. Faults: Invalid. */
export function machineTokenText(
  token: BootstrapToken & { readonly fingerprint: string },
  { role, addresses }: MachineWords,
): string {
  try {
    return joinTokenText({ ...token, role, addresses })
  } catch (error) {
    if (!isFault(error, 'TokenInvalid')) throw error
    throw mainFault('Invalid', `--address: ${error.message}`, { hint: error.hint })
  }
}

const ADDRESSES_IN_TOKEN_MAX = 16

// `HOST`, `[IPV6]` and an IPv6 address alone are meant with the port that machines listen on.
function withPort(word: string): string {
  if (/^\[.*\]$|^[^:]*$/.test(word)) return `${word}:${PEER_PORT}`
  return word.split(':').length > 2 && !word.startsWith('[') ? `[${word}]:${PEER_PORT}` : word
}

async function ownAddresses(call: DoorCall, signal: AbortSignal): Promise<readonly string[]> {
  const { nodes } = await call(signal, client => askNodes(client, signal))
  return nodes.find(({ isOwn }) => isOwn)?.addresses ?? []
}
