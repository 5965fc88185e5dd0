import { assert } from '#base'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import { endOf, type Extent, inlineBytesOf } from '../extent.ts'
import type { ExtentList } from '../extent-list.ts'
import {
  CONTENT_BYTES_MAX,
  FILE_BYTES_MAX,
  LONG_OVERLAY_BYTES,
  OVERLAY_EXTENTS_MAX,
  OVERLAY_EXTENTS_SEAL,
  OVERLAY_MEMORY_MAX,
  OVERLAY_MEMORY_SEAL,
  SMALL_FILE_BYTES,
  SMALL_FILE_EXTENTS,
} from '../limits.ts'
import type { FileContent, HomeOperations, WriteMessage } from '../operation.ts'
import { attributesOf } from '../inode.ts'
import { chargedBytes } from '../quota.ts'
import { later } from '../time.ts'
import type { Answer, Ino } from '../vfs.ts'
import { applyChange } from './apply-change.ts'
import type { Change } from './change.ts'
import { changeOf, findFile, type Handler, type HomeContext } from './context.ts'
import { killPrivileges } from './privileges.ts'
import { LOCAL_SESSION } from './locks.ts'
import { cannotAdd, quotasOf, withRoom } from './quotas.ts'
import type { RequestName } from './result.ts'

export const content: Handler<'content'> = (context, { ino }) => {
  const inode = findFile(context, ino)
  if (isErrno(inode)) return inode
  return { size: inode.size, extents: context.tables.extents(ino), tree: inode.tree }
}

export const contents: Handler<'contents'> = (context, { inos }) => {
  const told: FileContent[] = []
  let bytes = 0
  for (const ino of inos) {
    const found = findFile(context, ino)
    if (isErrno(found) || found.size > SMALL_FILE_BYTES) continue
    const extents = context.tables.extents(ino)
    if (extents.length > SMALL_FILE_EXTENTS) continue
    bytes += inlineBytesOf(extents)
    if (bytes > CONTENT_BYTES_MAX) break
    told.push({ ino, attributes: attributesOf(found), content: { size: found.size, extents, tree: found.tree } })
  }
  return told
}

/**
 * Lays written extents over a file. A file with too many is sealed first, and a write waits for that: so the overlay
 * stays short however long a program writes, and those of many files fit the memory for them.
 */
export const write: Handler<'write'> = (context, input, request) => {
  const overlay = context.tables.extents(input.ino)
  if (isMoreThan(context, overlay, { extents: OVERLAY_EXTENTS_SEAL, memoryBytes: OVERLAY_MEMORY_SEAL })) {
    const sealed = context.sealer.seal(input.ino)
    if (isMoreThan(context, overlay, { extents: OVERLAY_EXTENTS_MAX, memoryBytes: OVERLAY_MEMORY_MAX }))
      return sealed.then(() => write(context, input, request))
    // It will be tried again; this write does not depend on it.
    sealed.catch(() => undefined)
  }
  const inode = findFile(context, input.ino)
  if (isErrno(inode)) return inode
  if (input.unchangedSince !== undefined && input.unchangedSince !== inode.ctimeNs) return ERRNO.ESTALE
  const last = input.extents.at(-1)
  if (last !== undefined && endOf(last) > FILE_BYTES_MAX) return ERRNO.EFBIG
  return withRoom(context, () => layWithin(context, input, request))
}

// What is brought here by this machine's own client was judged before it was staged.
function layWithin(
  context: HomeContext,
  input: HomeOperations['write']['input'],
  request: RequestName | undefined,
): Errno | undefined {
  const before = findFile(context, input.ino)
  if (isErrno(before)) return before
  const { session = LOCAL_SESSION } = input
  const { rooms } = context
  const change = changeOf(context, request)
  lay(change, input)
  if (input.also !== undefined) applyChange(context, change, change.edit(input.ino), input.also.change)
  const isCounted = session !== LOCAL_SESSION || rooms.isAny
  const bytes = isCounted ? chargedBytes(change.edit(input.ino)) - chargedBytes(before) : 0
  const quotas = bytes > 0 ? quotasOf(context, before.quotaRoot) : []
  const isJudged = session !== LOCAL_SESSION
  if (isJudged && !quotas.every(quota => rooms.mayTake(quota, session, bytes))) return ERRNO.EDQUOT
  change.commit()
  for (const quota of quotas) rooms.take(quota, session, bytes)
  context.sealer.touched(input.ino)
  return undefined
}

/** Lays extents behind the end of a file, wherever that is by now. */
export const append: Handler<'append'> = (context, input, request) => {
  if (mustWait(context, input.ino)) return context.sealer.seal(input.ino).then(() => append(context, input, request))
  return withRoom(context, () => layBehind(context, input, request))
}

function layBehind(
  context: HomeContext,
  input: HomeOperations['append']['input'],
  request: RequestName | undefined,
): Answer<{ readonly offset: number }> {
  const inode = findFile(context, input.ino)
  if (isErrno(inode)) return inode
  const at = inode.size
  const extents = input.extents.map(extent => ({ ...extent, offset: extent.offset + at }))
  const last = extents.at(-1)
  const more = { bytes: last === undefined ? 0 : endOf(last) - at, inodes: 0 }
  if (at + more.bytes > FILE_BYTES_MAX) return ERRNO.EFBIG
  const full = cannotAdd(context, inode.quotaRoot, more)
  if (full !== undefined) return full
  const change = changeOf(context, request)
  lay(change, { ...input, extents })
  change.commit(at)
  context.sealer.touched(input.ino)
  return { offset: at }
}

function mustWait(context: HomeContext, ino: Ino): boolean {
  const most = { extents: OVERLAY_EXTENTS_MAX, memoryBytes: OVERLAY_MEMORY_MAX }
  return isMoreThan(context, context.tables.extents(ino), most)
}

function lay(change: Change, { ino, extents, killPrivileges: kill, mtimeNs, returnsDelegation }: WriteMessage): void {
  const edited = change.edit(ino)
  for (const extent of extents) {
    change.replaceExtents(ino, { from: extent.offset, to: endOf(extent) }, [extent])
    edited.size = Math.max(edited.size, endOf(extent))
  }
  if (kill) killPrivileges(change, edited)
  edited.mtimeNs = later(edited.mtimeNs, mtimeNs)
  edited.ctimeNs = later(edited.ctimeNs, mtimeNs)
  if (returnsDelegation === true) edited.isDelegated = false
}

function isMoreThan(
  { tables }: HomeContext,
  { length, memoryBytes }: ExtentList,
  most: { readonly extents: number; readonly memoryBytes: number },
): boolean {
  return length > most.extents || (memoryBytes >= LONG_OVERLAY_BYTES && tables.longOverlayBytes > most.memoryBytes)
}

export const clear: Handler<'clear'> = (context, { ino, from, to, size }, request) => {
  const inode = findFile(context, ino)
  if (isErrno(inode)) return inode
  if (Math.max(to, size) > FILE_BYTES_MAX) return ERRNO.EFBIG
  const change = changeOf(context, request)
  const edited = change.edit(ino)
  if (from < to) replaceWithZeros(context, change, ino, { from, to: Math.min(to, Math.max(inode.size, size)) })
  edited.size = Math.max(edited.size, size)
  killPrivileges(change, edited)
  change.touch(edited, 'mtime')
  change.commit()
  context.sealer.touched(ino)
}

/** Cuts or grows a file inside a change. What a cut hid never comes back: growing again shows zeros. */
export function resize(context: HomeContext, change: Change, ino: Ino, size: number): void {
  const inode = change.edit(ino)
  if (size < inode.size) {
    change.replaceExtents(ino, { from: size, to: Number.MAX_SAFE_INTEGER }, [])
    if (inode.tree !== undefined && inode.tree.visibleBytes > size) {
      inode.tree = size === 0 ? undefined : { ...inode.tree, visibleBytes: size }
    }
    context.sealer.cut(ino, size)
  }
  if (size !== inode.size) change.touch(inode, 'mtime')
  inode.size = size
}

// Over the sealed tree a hole must be said; elsewhere an absent extent is one already.
function replaceWithZeros(context: HomeContext, change: Change, ino: Ino, range: { from: number; to: number }): void {
  if (range.from >= range.to) return
  const visible = Math.max(change.edit(ino).tree?.visibleBytes ?? 0, context.sealer.pendingBytes(ino))
  const end = Math.min(range.to, visible)
  const hole: Extent[] = range.from < end ? [{ kind: 'hole', offset: range.from, bytes: end - range.from }] : []
  assert(
    hole.every(extent => extent.bytes > 0),
    'holes have a length',
  )
  change.replaceExtents(ino, range, hole)
}
