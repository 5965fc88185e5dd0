import { CANDIDATES_MAX } from '../limits.ts'
import { isIn, numberOfAddress, rangeOf, type Range } from '../ranges.ts'

/** What endpoints of a machine are known. */
export interface KnownEndpoints {
  /** As it says itself. */
  readonly own: readonly string[]
  /** As others see it. */
  readonly seen: readonly string[]
}

/** Networks that this machine is in: `ADDRESS/BITS` of its interfaces. */
export type Networks = readonly string[]

/** How an endpoint is reached. */
export type EndpointKind = 'lan' | 'public' | 'punched'

/**
 * Endpoints of a machine in the order in which they are tried: in a network that this machine is in, too; public; as others
 * see it through its router; the rest. None on the mesh itself.
 */
export function candidatesOf(
  { own, seen }: KnownEndpoints,
  { networks, range }: { readonly networks: Networks; readonly range: Range | undefined },
): readonly string[] {
  const rank = (endpoint: string): number => {
    const host = hostOf(endpoint)
    if (isNear(host, networks)) return host.includes(':') ? 1 : 0
    if (!own.includes(endpoint)) return 3
    return isPrivate(host) ? 4 : 2
  }
  const all = [...new Set([...own, ...seen])].filter(endpoint => range === undefined || !isIn(range, hostOf(endpoint)))
  const ranked = all.map((endpoint, index) => ({ endpoint, rank: rank(endpoint), index }))
  ranked.sort((a, b) => a.rank - b.rank || a.index - b.index)
  return ranked.map(({ endpoint }) => endpoint).slice(0, CANDIDATES_MAX)
}

/** How the endpoint is reached to which packets go. */
export function kindOf(endpoint: string, own: readonly string[], networks: Networks): EndpointKind {
  if (!own.includes(endpoint)) return 'punched'
  return isNear(hostOf(endpoint), networks) ? 'lan' : 'public'
}

/** The host of `HOST:PORT`, without brackets. */
export function hostOf(endpoint: string): string {
  return endpoint.replace(/:[0-9]*$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** True when an address is in one of the networks. */
function isNear(host: string, networks: Networks): boolean {
  return networks.some(network => {
    const range = networkOf(network)
    return range === undefined ? isNearV6(host, network) : isIn(range, host)
  })
}

// Any length, other than ranges of a mesh.
function networkOf(network: string): Range | undefined {
  const [address = '', bits = ''] = network.split('/')
  const number = numberOfAddress(address)
  if (number === undefined || bits === '') return undefined
  const count = 2 ** (32 - Number(bits))
  return { base: Math.floor(number / count) * count, count }
}

// Of IPv6 only the usual length of a network counts.
function isNearV6(host: string, network: string): boolean {
  const [address = '', bits] = network.split('/')
  return bits === '64' && host.includes(':') && firstHalf(host) === firstHalf(address)
}

function firstHalf(address: string): string {
  const [head = '', tail] = address.split('::')
  const start = head.split(':')
  const end = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - start.length - end.length)).fill('0')
  const words = [...start, ...zeros, ...end].slice(0, 4)
  return words.map(word => Number.parseInt(word || '0', 16).toString(16)).join(':')
}

function isPrivate(host: string): boolean {
  const number = numberOfAddress(host)
  if (number === undefined) return /^f[cd]/i.test(host)
  return PRIVATE.some(range => range !== undefined && number >= range.base && number < range.base + range.count)
}

const PRIVATE = [rangeOf('10.0.0.0/8'), rangeOf('172.16.0.0/12'), rangeOf('192.168.0.0/16'), rangeOf('100.64.0.0/10')]
