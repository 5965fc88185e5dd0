import type { NetworkInterfaceInfo } from 'node:os'
import type { Interfaces } from '../peers/own-addresses.ts'
import { type DnsMessage, type DnsName, decodeDns, encodeDns, TYPES } from './dns-message.ts'

/** Where services are asked for on a network (RFC 6762). */
export const MULTICAST = { address: '224.0.0.251', port: 5353 } as const

/** A controller as it is found: nobody vouches for any of it. */
export interface FoundController {
  readonly name: string
  /** Of its cloud's authority: 43 characters of base64url. */
  readonly fingerprint: string
  /** `HOST:PORT`. */
  readonly address: string
}

/** What a controller says of itself to whoever asks on its networks: this, and the address that its answer comes from. */
export interface Announced {
  readonly name: string
  readonly fingerprint: string
  readonly port: number
}

const SERVICE: DnsName = ['_cairn', '_tcp', 'local']
const FINGERPRINT = 'fp='
const LABEL_BYTES_MAX = 63

/** The question for controllers. */
export function discoveryQuestion(id: number): Uint8Array {
  return encodeDns({ id, isAnswer: false, questions: [{ name: SERVICE, type: TYPES.PTR }], records: [] })
}

/** The answer to a message, when it asks for controllers; `address` is that of the network it came from. */
export function discoveryAnswer(bytes: Uint8Array, announced: Announced, address: string): Uint8Array | undefined {
  const asked = decodeDns(bytes)
  if (asked === undefined || asked.isAnswer || !asked.questions.some(isForControllers)) return undefined
  const instance = [announced.name.slice(0, LABEL_BYTES_MAX), ...SERVICE]
  const host = [announced.name.slice(0, LABEL_BYTES_MAX), 'local']
  const records: DnsMessage['records'] = [
    { name: SERVICE, kind: 'PTR', to: instance },
    { name: instance, kind: 'SRV', port: announced.port, host },
    { name: instance, kind: 'TXT', words: [`${FINGERPRINT}${announced.fingerprint}`] },
    { name: host, kind: 'A', address },
  ]
  return encodeDns({ id: asked.id, isAnswer: true, questions: asked.questions.filter(isForControllers), records })
}

/** Reads an answer to the question `id`, from an address; undefined when it is none. */
export function readDiscovery(bytes: Uint8Array, id: number, from: string): FoundController | undefined {
  const told = decodeDns(bytes)
  if (told === undefined || !told.isAnswer || told.id !== id) return undefined
  const instance = told.records.find(record => record.kind === 'PTR' && isSame(record.name, SERVICE))
  if (instance?.kind !== 'PTR') return undefined
  const [name = ''] = instance.to
  const of = told.records.filter(record => isSame(record.name, instance.to))
  const port = of.find(record => record.kind === 'SRV')?.port ?? 0
  const words = of.find(record => record.kind === 'TXT')?.words ?? []
  const fingerprint = words.find(word => word.startsWith(FINGERPRINT))?.slice(FINGERPRINT.length) ?? ''
  if (port === 0 || !/^[A-Za-z0-9_-]{43}$/.test(fingerprint) || !/^[a-z0-9][a-z0-9.-]{0,62}$/.test(name))
    return undefined
  return { name, fingerprint, address: `${from}:${port}` }
}

/** The networks of a machine with IPv4 on which controllers are found: of others, of containers too, and not the loopback. */
export function discoveryNetworks(interfaces: Interfaces): readonly NetworkInterfaceInfo[] {
  return Object.values(interfaces).flatMap((infos = []) =>
    infos.filter(each => each.family === 'IPv4' && !each.internal),
  )
}

/** The network that an address is on. */
export function networkWith(networks: readonly NetworkInterfaceInfo[], address: string) {
  return networks.find(each => {
    const mask = bitsOf(each.netmask)
    return (bitsOf(each.address) & mask) === (bitsOf(address) & mask)
  })
}

function bitsOf(address: string): number {
  return address.split('.').reduce((bits, part) => (bits << 8) | Number(part), 0)
}

function isForControllers({ name, type }: DnsMessage['questions'][number]): boolean {
  return isSame(name, SERVICE) && (type === TYPES.PTR || type === TYPES.ANY)
}

// Letters of names are the same in both cases (RFC 1035, 2.3.3).
function isSame(one: DnsName, other: DnsName): boolean {
  return one.length === other.length && one.every((label, at) => label.toLowerCase() === other[at]?.toLowerCase())
}
