import { createHash } from 'node:crypto'
import type { MeshRanges } from '#cluster'
import { RANGE_BITS_MAX, RANGE_BITS_MIN } from './limits.ts'

/**
 * A range of IPv4. The lower half is addresses of machines; each has another in the upper half, to which packets always take
 * the direct way, so that it can be measured while the first is relayed.
 */
export interface Range {
  /** Its first address, as a number, and how many there are. */
  readonly base: number
  readonly count: number
}

/** Reads `10.44.0.0/16`; undefined when it is no range that machines fit in. */
export function rangeOf(text: string): Range | undefined {
  const [, address = '', bits = ''] = /^([0-9.]+)\/([0-9]{1,2})$/.exec(text) ?? []
  const base = numberOfAddress(address)
  const length = Number(bits)
  if (base === undefined || length < RANGE_BITS_MIN || length > RANGE_BITS_MAX) return undefined
  const count = 2 ** (32 - length)
  return base % count === 0 ? { base, count } : undefined
}

/** An IPv4 address as a number; undefined when it is none. */
export function numberOfAddress(text: string): number | undefined {
  const parts = text.split('.')
  const isAddress = parts.length === 4 && parts.every(part => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)
  return isAddress ? parts.reduce((sum, part) => sum * 256 + Number(part), 0) : undefined
}

/** An IPv4 address of a number. */
export function addressOfNumber(number: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
}

/** True when the two have an address in common. */
export function overlaps(one: Range, other: Range): boolean {
  return one.base < other.base + other.count && other.base < one.base + one.count
}

/** True when the IPv4 address is in the range. */
export function isIn(range: Range, address: string): boolean {
  const number = numberOfAddress(address)
  return number !== undefined && number >= range.base && number < range.base + range.count
}

/** The /48 of a cloud in fd00::/8 (RFC 4193): random, as the authority's key is that `cloud` is made of. */
export function prefixOf(cloud: string): string {
  const hex = createHash('sha256').update(`mesh of ${cloud}`).digest('hex')
  return `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6, 10)}::/48`
}

/** The addresses that the machine with this number has: IPv4, IPv6. Undefined when the range has no such. */
export function addressesAt({ range, prefix }: MeshRanges, number: number): readonly [string, string] | undefined {
  const at = rangeOf(range)
  if (at === undefined || number < 1 || number >= at.count / 2) return undefined
  return [addressOfNumber(at.base + number), `${prefix.replace(/::\/48$/, '')}::${number.toString(16)}`]
}

/** The number of the machine that has this IPv4 address; undefined when it is none of a machine of that range. */
export function machineNumberOf(range: Range, address: string): number | undefined {
  const number = numberOfAddress(address)
  if (number === undefined) return undefined
  const at = number - range.base
  return at >= 1 && at < range.count / 2 ? at : undefined
}

/** The address of the same machine to which packets never take a relay. */
export function directAddressOf(range: Range, address: string): string | undefined {
  const number = machineNumberOf(range, address)
  return number === undefined ? undefined : addressOfNumber(range.base + range.count / 2 + number)
}
