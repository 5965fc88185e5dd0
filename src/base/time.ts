/**
 * The time nearest to `ns`, nanoseconds since 1970, that can be kept: 64 bits, which reach from 1677 to 2262. Linux does
 * the same with what a disk cannot hold (timestamp_truncate in fs/inode.c).
 */
export function keptTime(ns: bigint): bigint {
  if (ns > LAST) return LAST
  return ns < FIRST ? FIRST : ns
}

const LAST = 2n ** 63n - 1n
const FIRST = -(2n ** 63n)
