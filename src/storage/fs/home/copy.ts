import { andThen } from '#base'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import { endOf, type Extent } from '../extent.ts'
import type { Inode } from '../inode.ts'
import { FILE_BYTES_MAX } from '../limits.ts'
import type { Copied } from '../operation.ts'
import { chargedBytes } from '../quota.ts'
import type { FilePlace } from '../vfs.ts'
import { changeOf, findFile, type Handler, type HomeContext } from './context.ts'
import { killPrivileges } from './privileges.ts'
import { piecesOf } from './pieces.ts'
import { cannotAdd, withRoom } from './quotas.ts'

/**
 * Copies by sharing: a whole sealed file by its root, a part by extents that point into the same chunks. Does at most
 * COPIED_EXTENTS_MAX pieces and says how far it came, as copy_file_range(2) may.
 */
export const copyRange: Handler<'copyRange'> = (context, input, request) =>
  withRoom(context, () => copyOnce(context, input, request))

const copyOnce: Handler<'copyRange'> = (context, { from, to, bytes }, request) => {
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
  change.commit(source.size)
  context.sealer.replaced(target.ino)
  return { bytes: source.size }
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
  change.commit(bytes)
  context.sealer.touched(to.ino)
  return { bytes }
}

// Shared bytes count like any others.
function fitsQuota(context: HomeContext, before: Inode, after: Inode): boolean {
  const bytes = chargedBytes(after) - chargedBytes(before)
  return cannotAdd(context, after.quotaRoot, { bytes, inodes: 0 }) === undefined
}
