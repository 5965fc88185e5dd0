import { assert, struct, u8, u64 } from '#base'

/** Names one request of one session, so that doing it twice can be told from doing it again. */
export interface RequestName {
  readonly session: number
  readonly sequence: number
  /** The kernel asks again: an earlier process may have carried it out. */
  readonly isResent?: boolean | undefined
}

/** Row v1 under `s{session}`: the last change of the session and the number it answered (an inode, bytes, an offset), 0 for none. */
export const ResultRow = struct({ version: u8, sequence: u64, ino: u64 })
assert(ResultRow.size === 17, 'result row v1 has 17 bytes')

export function encodeResult(sequence: number, ino: number): Buffer {
  return ResultRow.bytes({ version: 1, sequence, ino })
}
