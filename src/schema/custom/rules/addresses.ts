import { isCidr, isIPv4, isIPv6 } from '../../addresses.ts'

/** An address of IPv4 or IPv6, as a number. */
export class IpAddress {
  readonly family: 4 | 6
  readonly bits: bigint

  constructor(family: 4 | 6, bits: bigint) {
    this.family = family
    this.bits = bits
  }

  /** As RFC 5952 writes it. */
  toString(): string {
    return this.family === 4 ? fourText(this.bits) : sixText(this.bits)
  }

  equals({ family, bits }: IpAddress): boolean {
    return this.family === family && this.bits === bits
  }

  get isUnspecified(): boolean {
    return this.bits === 0n
  }

  get isLoopback(): boolean {
    return this.family === 4 ? this.#isWithin(8, 127n) : this.bits === 1n
  }

  get isLinkLocalMulticast(): boolean {
    return this.family === 4 ? this.#isWithin(24, 0xe00000n) : ((this.bits >> 112n) & 0xff0fn) === 0xff02n
  }

  get isLinkLocalUnicast(): boolean {
    return this.family === 4 ? this.#isWithin(16, 0xa9fen) : this.#isWithin(10, 0x3fan)
  }

  /** Neither none, loopback, multicast, link-local nor, in IPv4, for all: what Go calls global. */
  get isGlobalUnicast(): boolean {
    const isMulticast = this.family === 4 ? this.#isWithin(4, 0xen) : this.#isWithin(8, 0xffn)
    const isForAll = this.family === 4 && this.bits === 0xffff_ffffn
    return !this.isUnspecified && !this.isLoopback && !isMulticast && !this.isLinkLocalUnicast && !isForAll
  }

  #isWithin(length: number, prefix: bigint): boolean {
    return this.bits >> BigInt(widthOf(this.family) - length) === prefix
  }
}

/** A network: an address and the length of the part that all its addresses share. */
export class Cidr {
  readonly address: IpAddress
  readonly length: number

  constructor(address: IpAddress, length: number) {
    this.address = address
    this.length = length
  }

  toString(): string {
    return `${this.address}/${this.length}`
  }

  equals({ address, length }: Cidr): boolean {
    return this.length === length && this.address.equals(address)
  }

  /** With nothing behind the shared part. */
  get masked(): Cidr {
    const rest = this.#rest
    return new Cidr(new IpAddress(this.address.family, (this.address.bits >> rest) << rest), this.length)
  }

  contains({ family, bits }: IpAddress): boolean {
    return family === this.address.family && bits >> this.#rest === this.address.bits >> this.#rest
  }

  containsAll(other: Cidr): boolean {
    return other.length >= this.length && this.contains(other.address)
  }

  get #rest(): bigint {
    return BigInt(widthOf(this.address.family) - this.length)
  }
}

/** Reads an address; undefined for what is none, has a zone, or is an IPv4 address within IPv6 (as upstream has it). */
export function readIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) return new IpAddress(4, fourBits(text))
  if (!isIPv6(text)) return undefined
  const bits = sixBits(text)
  return bits >> 32n === 0xffffn ? undefined : new IpAddress(6, bits)
}

/** Reads a network such as `10.0.0.0/8`; undefined for what is none. */
export function readCidr(text: string): Cidr | undefined {
  const [address = '', length = ''] = text.split('/')
  const ip = isCidr(text) ? readIp(address) : undefined
  return ip === undefined ? undefined : new Cidr(ip, Number(length))
}

function widthOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128
}

function fourBits(text: string): bigint {
  return text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)
}

function sixBits(text: string): bigint {
  const [head = [], tail] = text.split('::').map(wordsOf)
  const after = tail ?? []
  const zeros = Array.from({ length: 8 - head.length - after.length }, () => 0n)
  return [...head, ...zeros, ...after].reduce((bits, word) => (bits << 16n) | word, 0n)
}

function wordsOf(text: string): readonly bigint[] {
  return text.split(':').flatMap(word => {
    if (word === '') return []
    if (!word.includes('.')) return [BigInt(`0x${word}`)]
    const four = fourBits(word)
    return [four >> 16n, four & 0xffffn]
  })
}

function fourText(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => (bits >> shift) & 0xffn).join('.')
}

// The longest run of zeros, the first of those, is left out when it is of two or more (RFC 5952, section 4.2).
function sixText(bits: bigint): string {
  const words = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  const [longest] = runsOfZeros(words).toSorted((a, b) => b.length - a.length || a.start - b.start)
  if (longest === undefined || longest.length < 2) return words.join(':')
  return `${words.slice(0, longest.start).join(':')}::${words.slice(longest.start + longest.length).join(':')}`
}

function runsOfZeros(words: readonly string[]): readonly { readonly start: number; readonly length: number }[] {
  const runs: { start: number; length: number }[] = []
  for (const [index, word] of words.entries()) {
    const last = runs.at(-1)
    if (word !== '0') continue
    if (last !== undefined && last.start + last.length === index) last.length += 1
    else runs.push({ start: index, length: 1 })
  }
  return runs
}
