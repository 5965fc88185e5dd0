import type { Library } from './libraries.ts'

/** The types of items that lists can be asked for an order of. */
export const LIST_ITEMS: readonly string[] = [
  'int',
  'double',
  'string',
  'bool',
  'google.protobuf.Duration',
  'google.protobuf.Timestamp',
]

/** What lists of a type can do (k8s.io/apiserver/pkg/cel/library Lists). */
export function listFunctions(type: string): Library {
  const list = `list<${type}>`
  return {
    [`${list}.isSorted(): bool`]: (items: Comparable[]) =>
      items.every((item, index) => index === 0 || (items[index - 1] ?? item) <= item),
    [`${list}.min(): ${type}`]: (items: Comparable[]) => extreme(items, (a, b) => a < b),
    [`${list}.max(): ${type}`]: (items: Comparable[]) => extreme(items, (a, b) => a > b),
    [`${list}.indexOf(${type}): int`]: (items: Comparable[], item: Comparable) =>
      BigInt(items.findIndex(each => isSame(each, item))),
    [`${list}.lastIndexOf(${type}): int`]: (items: Comparable[], item: Comparable) =>
      BigInt(items.findLastIndex(each => isSame(each, item))),
    ...sumOf(type),
  }
}

type Comparable = bigint | number | string | boolean | Date

function sumOf(type: string): Library {
  switch (type) {
    case 'int':
      return { 'list<int>.sum(): int': (items: bigint[]) => items.reduce((a, b) => a + b, 0n) }
    case 'double':
      return { 'list<double>.sum(): double': (items: number[]) => items.reduce((a, b) => a + b, 0) }
    default:
      return {}
  }
}

function extreme(items: readonly Comparable[], isBetter: (a: Comparable, b: Comparable) => boolean): Comparable {
  const [first] = items
  if (first === undefined) throw new Error('the list is empty')
  return items.reduce((best, item) => (isBetter(item, best) ? item : best), first)
}

// Times and durations are the same when neither comes before the other.
function isSame(a: Comparable, b: Comparable): boolean {
  return a === b || (typeof a === 'object' && !(a < b) && !(b < a))
}
