import { createHash } from 'node:crypto'

/** What stands for a name in scores: 64 bits of its SHA-256. */
export interface Seed {
  readonly high: number
  readonly low: number
}

/** The seed of a name. */
export function seedOf(name: string): Seed {
  const digest = createHash('sha256').update(name).digest()
  return { high: digest.readInt32LE(0), low: digest.readInt32LE(4) }
}

/** What two seeds have in common: the seed of something in a group of a pool. */
export function mixed(one: Seed, other: Seed, number: number): Seed {
  const high = mix(one.high ^ mix(other.low ^ Math.imul(number + 1, 0x9e3779b1)))
  return { high, low: mix(one.low ^ mix(other.high ^ high)) }
}

/**
 * How far something of this weight is from a group: the least is chosen. Weighted rendezvous hashing: -ln(u) / weight has the
 * exponential distribution, so each is the least as often as its weight says, and the order of two depends on nobody else.
 */
export function scoreOf({ high, low }: Seed, weight: number): number {
  // 53 bits, and a half, so that it is never 0.
  const u = ((high >>> 6) * 0x800_0000 + (low >>> 5) + 0.5) / 0x20_0000_0000_0000
  return -Math.log(u) / weight
}

// MurmurHash3's finalizer: every bit of the result depends on every bit of the number.
function mix(number: number): number {
  let bits = number
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
