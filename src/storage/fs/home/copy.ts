import { type Awaitable, andThen } from '#base'
import { readLeaves } from '../content/read-leaves.ts'
import { leafBytes } from '../content/shape.ts'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import { endOf, type Extent, extentsWithin } from '../extent.ts'
import type { Inode } from '../inode.ts'
import { COPIED_EXTENTS_MAX, FILE_BYTES_MAX } from '../limits.ts'
import type { Copied } from '../operation.ts'
import { chargedBytes } from '../quota.ts'
import type { FilePlace } from '../vfs.ts'
import { changeOf, findFile, type Handler, type HomeContext } from './context.ts'
import { killPrivileges } from './privileges.ts'
import { cannotAdd } from './quotas.ts'

/**
 * Copies by sharing: a whole sealed file by its root, a part by extents that point into the same chunks. Does at most
 * COPIED_EXTENTS_MAX pieces and says how far it came, as copy_file_range(2) may.
 */
export const copyRange: Handler<'copyRange'> = (context, { from, to, bytes }, request) => {
  const source = findFile(context, from.ino)
  if (isErrno(source)) return source
  const target = findFile(context, to.ino)
  if (isErrno(target)) return target
  const wanted = Math.min(bytes, source.size - from.offset)
  if (wanted <= 0) return { bytes: 0 }
  if (to.offset + wanted > FILE_BYTES_MAX) return ERRNO.EFBIG
  if (from.ino === to.ino && overlaps(from.offset, to.offset, wanted)) return ERRNO.EINVAL
  if (isWholeFile(context, { source, target, from, to, wanted })) return shareTree(context, source, target, request)
  return andThen(piecesOf(context, source, from.offset, wanted), pieces =>
    layPieces(context, { pieces, from, to, wanted }, request),
  )
}

function overlaps(a: number, b: number, bytes: number): boolean {
  return Math.abs(a - b) < bytes
}

function isWholeFile(
  context: HomeContext,
  copy: { source: Inode; target: Inode; from: FilePlace; to: FilePlace; wanted: number },
): boolean {
  const { source, target, from, to, wanted } = copy
  const sealed = context.tables.extents(source.ino).length === 0 && source.tree !== undefined
  return sealed && from.offset === 0 && to.offset === 0 && wanted === source.size && target.size <= source.size
}

function shareTree(
  context: HomeContext,
  source: Inode,
  target: Inode,
  request: Parameters<Handler<'copyRange'>>[2],
): Copied | Errno {
  const change = changeOf(context, request)
  change.replaceExtents(target.ino, { from: 0, to: Number.MAX_SAFE_INTEGER }, [])
  const edited = change.edit(target.ino)
  edited.tree = source.tree
  edited.size = source.size
  killPrivileges(change, edited)
  if (!fitsQuota(context, target, edited)) return ERRNO.EDQUOT
  change.touch(edited, 'mtime')
  change.commit()
  context.sealer.replaced(target.ino)
  return { bytes: source.size }
}

/** What lies at `[offset, offset + bytes)` of a file, as extents with offsets of that file; holes included. */
function piecesOf(context: HomeContext, source: Inode, offset: number, bytes: number): Awaitable<Extent[]> {
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

function layPieces(
  context: HomeContext,
  copy: { pieces: readonly Extent[]; from: FilePlace; to: FilePlace; wanted: number },
  request: Parameters<Handler<'copyRange'>>[2],
): Copied | Errno {
  const { pieces, from, to } = copy
  const last = pieces.at(-1)
  if (last === undefined) return { bytes: 0 }
  const bytes = Math.min(endOf(last) - from.offset, copy.wanted)
  const shift = to.offset - from.offset
  const moved = pieces.map(piece => ({ ...piece, offset: piece.offset + shift }))
  const change = changeOf(context, request)
  const edited = change.edit(to.ino)
  const before = { ...edited }
  change.replaceExtents(to.ino, { from: to.offset, to: to.offset + bytes }, moved)
  edited.size = Math.max(edited.size, to.offset + bytes)
  killPrivileges(change, edited)
  if (!fitsQuota(context, before, edited)) return ERRNO.EDQUOT
  change.touch(edited, 'mtime')
  change.commit()
  context.sealer.touched(to.ino)
  return { bytes }
}

// Shared bytes count like any others.
function fitsQuota(context: HomeContext, before: Inode, after: Inode): boolean {
  const bytes = chargedBytes(after) - chargedBytes(before)
  return cannotAdd(context, after.quotaRoot, { bytes, inodes: 0 }) === undefined
}

function hole(from: number, to: number): Extent {
  return { kind: 'hole', offset: from, bytes: to - from }
}
