import { assert, bytesOf, type Digest, digestOf, raw, struct, u8, u16, u32, u64 } from '#base'

/**
 * A range of a file that was written since the last seal and lies over the sealed tree. Extents of a file never
 * overlap. `inline` bytes live in the extent's own row, beside the metadata; `chunk` points into a stored chunk of
 * `chunkBytes`; `hole` reads as zeros.
 */
export type Extent = { readonly offset: number; readonly bytes: number } & (
  | { readonly kind: 'inline'; readonly data: Uint8Array }
  | { readonly kind: 'chunk'; readonly digest: Digest; readonly chunkOffset: number; readonly chunkBytes: number }
  | { readonly kind: 'hole' }
)

/** True for all of a chunk. */
export function isWholeChunk(extent: Extent): boolean {
  return extent.kind === 'chunk' && extent.chunkOffset === 0 && extent.bytes === extent.chunkBytes
}

/** Row v1 of the extent table, under `e{ino}{offset}`; inline bytes follow. */
export const ExtentRow = struct({
  version: u8,
  kind: u8,
  reserved: u16,
  chunkOffset: u32,
  chunkBytes: u32,
  bytes: u64,
  digest: raw(32),
})
assert(ExtentRow.size === 52, 'extent row v1 has 52 bytes')

const EXTENT_ROW_VERSION = 1
const INLINE = 0
const CHUNK = 1
const HOLE = 2
const NO_DIGEST = new Uint8Array(32)

export function encodeExtent(extent: Extent): Buffer {
  const inline = extent.kind === 'inline' ? extent.data : undefined
  const row = Buffer.allocUnsafe(ExtentRow.size + (inline?.byteLength ?? 0))
  ExtentRow.write(row, {
    version: EXTENT_ROW_VERSION,
    kind: extent.kind === 'inline' ? INLINE : extent.kind === 'chunk' ? CHUNK : HOLE,
    reserved: 0,
    chunkOffset: extent.kind === 'chunk' ? extent.chunkOffset : 0,
    chunkBytes: extent.kind === 'chunk' ? extent.chunkBytes : 0,
    bytes: extent.bytes,
    digest: extent.kind === 'chunk' ? bytesOf(extent.digest) : NO_DIGEST,
  })
  if (inline !== undefined) row.set(inline, ExtentRow.size)
  return row
}

export function decodeExtent(offset: number, row: Uint8Array): Extent {
  const { version, kind, bytes, chunkOffset, chunkBytes, digest } = ExtentRow.read(row)
  assert(version === EXTENT_ROW_VERSION, `extent row of version ${version}`)
  if (kind === INLINE) return { kind: 'inline', offset, bytes, data: row.subarray(ExtentRow.size) }
  if (kind === CHUNK) return { kind: 'chunk', offset, bytes, chunkOffset, chunkBytes, digest: digestOf(digest) }
  return { kind: 'hole', offset, bytes }
}

/** Bytes that are inline in some extents. */
export function inlineBytesOf(extents: Iterable<Extent>): number {
  let bytes = 0
  for (const extent of extents) if (extent.kind === 'inline') bytes += extent.data.byteLength
  return bytes
}

/** Where an extent ends. */
export function endOf(extent: Extent): number {
  return extent.offset + extent.bytes
}

/** The part of an extent inside `[from, to)`, which must overlap it. */
export function cutExtent(extent: Extent, from: number, to: number): Extent {
  const start = Math.max(extent.offset, from)
  const end = Math.min(endOf(extent), to)
  assert(start < end, 'the cut is outside the extent')
  const skip = start - extent.offset
  const place = { offset: start, bytes: end - start }
  if (extent.kind === 'inline')
    return { ...place, kind: 'inline', data: extent.data.subarray(skip, skip + end - start) }
  if (extent.kind === 'hole') return { ...place, kind: 'hole' }
  const { digest, chunkBytes } = extent
  return { ...place, kind: 'chunk', digest, chunkBytes, chunkOffset: extent.chunkOffset + skip }
}

/** Index of the first extent that ends behind `offset`, in a list sorted by offset. */
export function firstEndingBehind(extents: readonly Extent[], offset: number): number {
  let low = 0
  let high = extents.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const extent = extents[middle]
    assert(extent !== undefined, 'middle is inside')
    if (endOf(extent) <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** The extents that overlap `[from, to)`, cut to it. */
export function extentsWithin(extents: readonly Extent[], from: number, to: number): Extent[] {
  const found: Extent[] = []
  if (from >= to) return found
  for (let i = firstEndingBehind(extents, from); i < extents.length; i++) {
    const extent = extents[i]
    if (extent === undefined || extent.offset >= to) break
    found.push(cutExtent(extent, from, to))
  }
  return found
}

/**
 * Clears `[from, to)` of extents sorted by offset and puts `fill` there: what goes, what comes, and the list afterwards.
 * What stuck out of the range on either side stays.
 */
export function replaceRange(
  extents: readonly Extent[],
  from: number,
  to: number,
  fill: readonly Extent[],
): { readonly removed: readonly Extent[]; readonly added: readonly Extent[]; readonly extents: readonly Extent[] } {
  const start = firstEndingBehind(extents, from)
  let end = start
  const before: Extent[] = []
  const after: Extent[] = []
  const removed: Extent[] = []
  for (; end < extents.length; end++) {
    const extent = extents[end]
    if (extent === undefined || extent.offset >= to) break
    removed.push(extent)
    if (extent.offset < from) before.push(remainder(extent, extent.offset, from))
    if (endOf(extent) > to) after.push(remainder(extent, to, endOf(extent)))
  }
  const added = [...before, ...fill, ...after]
  return { removed, added, extents: extents.toSpliced(start, end - start, ...added) }
}

// With bytes of its own: a few that are left of many must not keep the memory of all.
function remainder(extent: Extent, from: number, to: number): Extent {
  const cut = cutExtent(extent, from, to)
  return cut.kind === 'inline' ? { ...cut, data: Uint8Array.from(cut.data) } : cut
}

/** Bytes of extents that are not holes. */
export function usedBytes(extents: readonly Extent[]): number {
  let sum = 0
  for (const extent of extents) if (extent.kind !== 'hole') sum += extent.bytes
  return sum
}
