import { assert, i32, struct, u16, u32, u64 } from '#base'

/**
 * `struct fuse_in_header`. A request's number is kept as two words: it uses all 64 bits after a resend and is echoed
 * as it came.
 */
export const IN_HEADER = struct({
  len: u32,
  opcode: u32,
  uniqueLow: u32,
  uniqueHigh: u32,
  nodeid: u64,
  uid: u32,
  gid: u32,
  pid: u32,
  totalExtLen: u16,
  padding: u16,
})

/** `struct fuse_out_header`; of a notification with number 0 and its code as `error`. */
export const OUT_HEADER = struct({ len: u32, error: i32, uniqueLow: u32, uniqueHigh: u32 })

/** Bytes in front of a request's body. */
export const BODY = 40

/** Bytes in front of a reply's payload. */
export const PAYLOAD = 16

assert(IN_HEADER.size === BODY, 'fuse_in_header has 40 bytes')
assert(OUT_HEADER.size === PAYLOAD, 'fuse_out_header has 16 bytes')

/** The number of a request as two words. */
export interface Unique {
  readonly uniqueLow: number
  readonly uniqueHigh: number
}

/** The number of a request without the resend bit. Numbers start at 0 and step by 2: 52 bits never run out. */
export function numberOf({ uniqueLow, uniqueHigh }: Unique): number {
  return (uniqueHigh & 0xf_ffff) * 2 ** 32 + uniqueLow
}
