/**
 * The first 64 bits of MurmurHash3 x64-128 with seed 0, in the byte order in which go-ipfs takes them (most significant
 * first): what places a name in a sharded directory. Source: MurmurHash3.cpp by Austin Appleby, public domain.
 */
export function murmur3First64(key: Buffer): Buffer {
  let [h1, h2] = [0n, 0n]
  const blocksBytes = key.length - (key.length % 16)
  for (let at = 0; at < blocksBytes; at += 16) {
    h1 ^= mixLow(key.readBigUInt64LE(at))
    h1 = cut((rotate(h1, 27n) + h2) * 5n + 0x52dce729n)
    h2 ^= mixHigh(key.readBigUInt64LE(at + 8))
    h2 = cut((rotate(h2, 31n) + h1) * 5n + 0x38495ab5n)
  }
  const tail = Buffer.alloc(16)
  key.copy(tail, 0, blocksBytes)
  h2 ^= mixHigh(tail.readBigUInt64LE(8))
  h1 ^= mixLow(tail.readBigUInt64LE(0))
  const bytes = BigInt(key.length)
  h1 = cut((h1 ^ bytes) + (h2 ^ bytes))
  h2 = cut((h2 ^ bytes) + h1)
  const first = Buffer.alloc(8)
  first.writeBigUInt64BE(cut(finish(h1) + finish(h2)))
  return first
}

function mixLow(k: bigint): bigint {
  return cut(rotate(cut(k * C1), 31n) * C2)
}

function mixHigh(k: bigint): bigint {
  return cut(rotate(cut(k * C2), 33n) * C1)
}

function finish(h: bigint): bigint {
  const once = cut((h ^ (h >> 33n)) * 0xff51afd7ed558ccdn)
  const twice = cut((once ^ (once >> 33n)) * 0xc4ceb9fe1a85ec53n)
  return twice ^ (twice >> 33n)
}

function rotate(value: bigint, bits: bigint): bigint {
  return cut(value << bits) | (value >> (64n - bits))
}

function cut(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

const C1 = 0x87c37b91114253d5n
const C2 = 0x4cf5ad432745937fn
