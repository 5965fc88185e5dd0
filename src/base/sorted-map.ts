import BTreeModule from 'sorted-btree'

/** An ordered map from byte strings: a B+ tree in memory, with range iteration from any key in both directions. */
export class SortedMap<Value> extends BTreeModule.default<string, Value> {
  constructor() {
    super(undefined, compareByteStrings)
  }
}

/** Byte order of two byte strings. */
export function compareByteStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
