import type { Field } from '#base'

/** Signed 64 bits with all bits: nanoseconds since 1970. */
export const i64big: Field<bigint> = {
  size: 8,
  read: (view, offset) => view.getBigInt64(offset, true),
  write: (view, offset, value) => view.setBigInt64(offset, value, true),
}

/** The later of two times. */
export function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
