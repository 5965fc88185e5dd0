import { createHash } from 'node:crypto'
import { assert, type Digest, digestOf } from '#base'
import { CHUNK_BYTES_DEFAULT, LINKS_MAX } from './limits.ts'

/** The figures that decide where every byte of a file lies in its tree; fixed for the life of a filesystem. */
export interface TreeShape {
  /** Bytes of each leaf but the last. */
  readonly chunkBytes: number
  /** Children of each interior node but the last of its level. */
  readonly linksMax: number
}

/** The sealed content of a file: its UnixFS DAG by the digest of the root. The height follows from the size. */
export interface Tree {
  readonly digest: Digest
  /** Bytes of the file. */
  readonly size: number
}

/** Where a subtree hangs: enough to know the length and every byte of its root but the digests in it. */
export interface Place {
  /** 0: a leaf (raw bytes); 1: a node whose children are leaves; and so on. */
  readonly height: number
  /** File bytes below. */
  readonly bytes: number
}

/** A leaf or interior node together with all that hangs below. */
export interface Subtree extends Place {
  readonly digest: Digest
}

/** The shape for a chunk size; `linksMax` differs from the profile's 1024 in tests only. */
export function treeShape(chunkBytes = CHUNK_BYTES_DEFAULT, linksMax = LINKS_MAX): TreeShape {
  assert(Number.isSafeInteger(chunkBytes) && chunkBytes > 0, 'a chunk has a size')
  assert(Number.isSafeInteger(linksMax) && linksMax > 1, 'a node has at least two links')
  return { chunkBytes, linksMax }
}

/** File bytes below a full subtree. */
export function fullBytes(shape: TreeShape, height: number): number {
  return shape.chunkBytes * shape.linksMax ** height
}

/** Height of the tree of a file: the least whose full subtree holds it. Every leaf lies at the same depth. */
export function heightOf(shape: TreeShape, size: number): number {
  let height = 0
  while (fullBytes(shape, height) < size) height++
  return height
}

/** How many leaves a file has; an empty one has one empty leaf. */
export function leafCount(shape: TreeShape, size: number): number {
  return Math.max(1, Math.ceil(size / shape.chunkBytes))
}

/** Bytes of the leaf with this index; 0 beyond the end. */
export function leafBytes(shape: TreeShape, size: number, index: number): number {
  return bytesAt(shape, size, { height: 0, index })
}

/** The whole tree as a subtree. */
export function rootOf(shape: TreeShape, tree: Tree): Subtree {
  return { digest: tree.digest, height: heightOf(shape, tree.size), bytes: tree.size }
}

/** File bytes below the subtree that is number `index` among those of its height; 0 beyond the end. */
export function bytesAt(
  shape: TreeShape,
  size: number,
  at: { readonly height: number; readonly index: number },
): number {
  const full = fullBytes(shape, at.height)
  return Math.max(0, Math.min(full, size - at.index * full))
}

/** Children of an interior node. */
export function childCount(shape: TreeShape, place: Place): number {
  return Math.ceil(place.bytes / fullBytes(shape, place.height - 1))
}

/** Where child `index` of an interior node hangs. */
export function childPlace(shape: TreeShape, place: Place, index: number): Place {
  const height = place.height - 1
  return { height, bytes: bytesAt(shape, place.bytes, { height, index }) }
}

/** The tree of the empty file: one empty leaf, a hole like every leaf of zeros. */
export const EMPTY_TREE: Tree = { digest: digestOf(createHash('sha256').digest()), size: 0 }
