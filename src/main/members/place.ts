import { once } from 'node:events'
import net from 'node:net'
import { askNodes } from '#cluster'
import type { DoorCall } from '../control/storage-door.ts'
import { mainFault } from '../faults.ts'
import { memberUrl, readMember } from './member-file.ts'

/** Where the member of this machine is reached. */
export interface MemberPlace {
  readonly host: string
  readonly clientPort: number
  readonly peerPort: number
}

/** The addresses of a member as etcd has them. */
export function placeUrls({ host, clientPort, peerPort }: MemberPlace) {
  return { clientUrl: memberUrl(host, clientPort), peerUrl: memberUrl(host, peerPort) }
}

/**
 * Where the member of this machine is reached: as it was chosen before, while the machine has that address; else at its address that
 * other machines use, with the ports it had, etcd's usual ones, those of CAIRN_ETCD_PORTS, or any that are free. Faults: Invalid (no
 * address, or no such ports).
 */
export async function memberPlace(dataFolder: string, call: DoorCall, signal: AbortSignal): Promise<MemberPlace> {
  const kept = readMember(dataFolder)
  const { nodes } = await call(signal, client => askNodes(client, signal))
  const hosts = nodes.find(({ isOwn }) => isOwn)?.addresses.map(hostIn) ?? []
  const [host] = hosts
  // One that listens for nobody says nothing of where it is.
  if (kept !== undefined && (host === undefined || hosts.includes(kept.host))) return kept
  if (host === undefined) {
    throw mainFault('Invalid', 'this machine has no address at which other controllers could reach its etcd', {
      hint: 'See `cairn doctor`: it listens for no machines, or is in no network.',
    })
  }
  if (kept !== undefined) return { host, clientPort: kept.clientPort, peerPort: kept.peerPort }
  const [client, peer] = portsIn(process.env['CAIRN_ETCD_PORTS'] ?? '')
  const clientPort = await freePort(host, client)
  return { host, clientPort, peerPort: await freePort(host, peer === clientPort ? 0 : peer) }
}

// `HOST:PORT`, `[IPV6]:PORT`.
function hostIn(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
}

/** Reads `CLIENT,PEER`. Faults: Invalid. */
export function portsIn(words: string): readonly [number, number] {
  if (words === '') return USUAL
  const [, client = '', peer = ''] = /^(\d{1,5}),(\d{1,5})$/.exec(words) ?? []
  const [one, other] = [Number(client), Number(peer)]
  if (client !== '' && one > 0 && other > 0 && one !== other && one < 65_536 && other < 65_536) return [one, other]
  throw mainFault('Invalid', `CAIRN_ETCD_PORTS: "${words}" are no two ports`, { hint: 'Write 2379,2380, for example.' })
}

const USUAL = [2379, 2380] as const

async function freePort(host: string, wanted: number): Promise<number> {
  return (await portAt(host, wanted)) ?? (await portAt(host, 0)) ?? wanted
}

async function portAt(host: string, port: number): Promise<number | undefined> {
  const server = net.createServer().listen(port, host)
  try {
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' ? address?.port : undefined
  } catch {
    return undefined // taken
  } finally {
    server.close()
  }
}
