import { type Awaitable, andThen } from '#base'
import { readLeaves } from '../content/read-leaves.ts'
import { leafBytes } from '../content/shape.ts'
import { isErrno } from '../errno.ts'
import { endOf, type Extent, extentsWithin, usedBytes } from '../extent.ts'
import type { Inode } from '../inode.ts'
import { COPIED_EXTENTS_MAX } from '../limits.ts'
import { findFile, type Handler, type HomeContext } from './context.ts'

/**
 * What lies at `[offset, offset + bytes)` of a file, as extents with offsets of that file; holes included. There are at
 * most COPIED_EXTENTS_MAX pieces, so they may end early, but never before the first one.
 */
export function piecesOf(context: HomeContext, source: Inode, offset: number, bytes: number): Awaitable<Extent[]> {
  const all = context.tables.extents(source.ino).within(offset, offset + bytes)
  const over = all.slice(0, COPIED_EXTENTS_MAX)
  const last = over.at(-1)
  const end = over.length < all.length && last !== undefined ? endOf(last) : offset + bytes
  return andThen(sealedPieces(context, source, offset, end), below => {
    const pieces: Extent[] = []
    let at = offset
    for (const extent of over) {
      pieces.push(...extentsWithin(below, at, extent.offset), extent)
      at = endOf(extent)
    }
    pieces.push(...extentsWithin(below, at, end))
    return unbroken(pieces, offset).slice(0, COPIED_EXTENTS_MAX)
  })
}

// The sealed pieces may end early, with overlay behind them: only what follows without a gap is copied this time.
function unbroken(pieces: readonly Extent[], offset: number): Extent[] {
  let at = offset
  const end = pieces.findIndex(piece => {
    const gap = piece.offset !== at
    at = endOf(piece)
    return gap
  })
  return end < 0 ? [...pieces] : pieces.slice(0, end)
}

function sealedPieces(context: HomeContext, source: Inode, from: number, to: number): Awaitable<Extent[]> {
  const { chunkBytes } = context.trees.shape
  const sealed = source.tree
  const visible = Math.min(to, sealed?.visibleBytes ?? 0)
  const first = Math.floor(from / chunkBytes)
  const count = Math.min(COPIED_EXTENTS_MAX, Math.ceil(visible / chunkBytes) - first)
  const rest: Extent[] = visible < to ? [hole(Math.max(from, visible), to)] : []
  if (sealed === undefined || count <= 0) return rest
  const tree = { digest: sealed.root, size: sealed.bytes }
  return andThen(readLeaves(context.trees, tree, { first, count }), leaves => {
    const pieces = leaves.map((leaf, i): Extent => {
      const offset = (first + i) * chunkBytes
      const bytes = leafBytes(context.trees.shape, sealed.bytes, first + i)
      if (leaf === 'hole') return hole(offset, offset + bytes)
      return { kind: 'chunk', offset, bytes, digest: leaf, chunkOffset: 0, chunkBytes: bytes }
    })
    const isAll = first + leaves.length >= Math.ceil(visible / chunkBytes)
    return [...extentsWithin(pieces, from, visible), ...(isAll ? rest : [])]
  })
}

/** Bytes that a file would take more if this range were written: its holes. Sealed first, so that its count is exact. */
export const growth: Handler<'growth'> = async (context, { ino, from, to }) => {
  await context.sealer.seal(ino)
  let bytes = 0
  for (let at = from; at < to; ) {
    const inode = findFile(context, ino)
    if (isErrno(inode)) return inode
    const pieces = await piecesOf(context, inode, at, to - at)
    const last = pieces.at(-1)
    const end = last === undefined ? to : endOf(last)
    bytes += end - at - usedBytes(pieces)
    at = end
  }
  return { bytes }
}

function hole(from: number, to: number): Extent {
  return { kind: 'hole', offset: from, bytes: to - from }
}
