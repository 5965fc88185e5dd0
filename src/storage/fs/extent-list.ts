import { endOf, type Extent, extentsWithin, firstEndingBehind, replaceRange } from './extent.ts'

/** How replacing a range changes an overlay: rows to delete, rows to put, and the overlay afterwards. */
export interface ExtentChange {
  readonly removed: readonly Extent[]
  readonly added: readonly Extent[]
  readonly extents: ExtentList
}

/** Extents in one leaf, sorted by offset. */
type Leaf = readonly Extent[]

/**
 * The overlay of a file: its extents, sorted by offset. A list never changes; replacing a range makes a new one that
 * shares all other leaves with it, so that a write into a long overlay costs little more than one into a short one.
 */
export class ExtentList implements Iterable<Extent> {
  /** No extents. */
  static readonly none = new ExtentList([], 0, 0)

  readonly length: number
  /** Bytes of memory that the extents take. */
  readonly memoryBytes: number
  readonly #leaves: readonly Leaf[]

  private constructor(leaves: readonly Leaf[], length: number, memoryBytes: number) {
    this.#leaves = leaves
    this.length = length
    this.memoryBytes = memoryBytes
  }

  /** These extents, which are sorted by offset and do not overlap. */
  static of(extents: readonly Extent[]): ExtentList {
    return new ExtentList(leavesOf(extents), extents.length, memoryOf(extents))
  }

  *[Symbol.iterator](): Iterator<Extent> {
    for (const leaf of this.#leaves) yield* leaf
  }

  /** The extents that overlap `[from, to)`, cut to it. */
  within(from: number, to: number): Extent[] {
    const found: Extent[] = []
    if (from >= to) return found
    for (let at = this.#leafEndingBehind(from); at < this.#leaves.length; at++) {
      const leaf = this.#leaves[at] ?? []
      found.push(...extentsWithin(leaf, from, to))
      if (endOfLeaf(leaf) >= to) break
    }
    return found
  }

  /** The first extent that ends behind `offset`. */
  firstEndingBehind(offset: number): Extent | undefined {
    const leaf = this.#leaves[this.#leafEndingBehind(offset)]
    return leaf?.[firstEndingBehind(leaf, offset)]
  }

  /** True when an extent begins at `offset`. */
  startsAt(offset: number): boolean {
    return this.firstEndingBehind(offset)?.offset === offset
  }

  /** Clears `[from, to)` and puts `fill` there. What stuck out of the range on either side stays. */
  replace(from: number, to: number, fill: readonly Extent[]): ExtentChange {
    const start = Math.min(this.#leafEndingBehind(from), Math.max(this.#leaves.length - 1, 0))
    let end = start
    while (end < this.#leaves.length && (end === start || startOfLeaf(this.#leaves[end]) < to)) end++
    const { removed, added, extents } = replaceRange(this.#leaves.slice(start, end).flat(), from, to, fill)
    const leaves = this.#leaves.toSpliced(start, end - start, ...leavesOf(extents))
    const length = this.length + added.length - removed.length
    const memoryBytes = this.memoryBytes + memoryOf(added) - memoryOf(removed)
    return { removed, added, extents: new ExtentList(leaves, length, memoryBytes) }
  }

  /** Index of the first leaf with an extent that ends behind `offset`. */
  #leafEndingBehind(offset: number): number {
    let low = 0
    let high = this.#leaves.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (endOfLeaf(this.#leaves[middle]) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

function leavesOf(extents: readonly Extent[]): Leaf[] {
  const count = Math.ceil(extents.length / LEAF_EXTENTS_MAX)
  const size = Math.ceil(extents.length / count)
  return Array.from({ length: count }, (_, number) => extents.slice(number * size, (number + 1) * size))
}

function startOfLeaf(leaf: Leaf | undefined): number {
  return leaf?.[0]?.offset ?? 0
}

function endOfLeaf(leaf: Leaf | undefined): number {
  const last = leaf?.at(-1)
  return last === undefined ? 0 : endOf(last)
}

function memoryOf(extents: readonly Extent[]): number {
  let bytes = 0
  for (const extent of extents) bytes += extent.kind === 'inline' ? extent.bytes + EXTENT_BYTES : EXTENT_BYTES
  return bytes
}

const LEAF_EXTENTS_MAX = 128
const EXTENT_BYTES = 150
