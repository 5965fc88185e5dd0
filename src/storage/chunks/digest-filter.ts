import type { Digest } from '#base'
import { FILTER_BITS_PER_DIGEST, FILTER_PROBES } from './limits.ts'

/**
 * A set of digests that may claim to hold a few it does not, never the other way round (a Bloom filter): about 2 bytes
 * for each. Digests are evenly spread already, so their own bytes choose the bits; another `salt` chooses other bytes,
 * so that what one filter claims wrongly the next one hardly does.
 */
export class DigestFilter {
  readonly #bits: Uint32Array
  readonly #mask: number
  readonly #salt: number
  #count = 0

  /** For about `count` digests. */
  constructor(count: number, salt: number) {
    const bits = 2 ** Math.ceil(Math.log2(Math.max(1024, count * FILTER_BITS_PER_DIGEST)))
    this.#bits = new Uint32Array(bits / 32)
    this.#mask = bits - 1
    this.#salt = salt
  }

  /** A filter that came from another process as {@link bytes} of it, whose number must be a power of two. */
  static of(bytes: Uint8Array, salt: number): DigestFilter {
    const filter = new DigestFilter(Math.floor((bytes.byteLength * 8) / FILTER_BITS_PER_DIGEST), salt)
    const own = filter.bytes
    if (own.byteLength !== bytes.byteLength) throw new RangeError('the bits of a filter are a power of two')
    own.set(bytes)
    return filter
  }

  /** Its bits, as they are: little endian on every machine that this runs on. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#bits.buffer)
  }

  /** How many were added. */
  get count(): number {
    return this.#count
  }

  add(digest: Digest): void {
    this.#count++
    for (let probe = 0; probe < FILTER_PROBES; probe++) {
      const bit = this.#bit(digest, probe)
      this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
  }

  mayHave(digest: Digest): boolean {
    for (let probe = 0; probe < FILTER_PROBES; probe++) {
      const bit = this.#bit(digest, probe)
      if (((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false
    }
    return true
  }

  #bit(digest: Digest, probe: number): number {
    const at = (probe * 5 + this.#salt) % 28
    const word =
      digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24)
    return (word & this.#mask) >>> 0
  }
}
