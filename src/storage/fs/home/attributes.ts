import { keptTime } from '#base'
import { ERRNO, isErrno } from '../errno.ts'
import { attributesOf } from '../inode.ts'
import { FILE_BYTES_MAX } from '../limits.ts'
import * as keys from '../keys.ts'
import type { AttributeChange, TimeChange } from '../vfs.ts'
import { ACL_ACCESS, aclWithMode, decodeAcl, encodeAcl } from './acl.ts'
import type { Change, MutableInode } from './change.ts'
import { changeOf, findFile, findInode, type Handler, type HomeContext } from './context.ts'
import { resize } from './content.ts'
import { killPrivileges } from './privileges.ts'

export const attributes: Handler<'attributes'> = (context, { ino }) => {
  const inode = findInode(context, ino)
  return isErrno(inode) ? inode : attributesOf(inode)
}

export const setAttributes: Handler<'setAttributes'> = (context, { ino, change: wanted }, request) => {
  const inode = wanted.size === undefined ? findInode(context, ino) : findFile(context, ino)
  if (isErrno(inode)) return inode
  if (wanted.size !== undefined && (wanted.size < 0 || wanted.size > FILE_BYTES_MAX)) return ERRNO.EFBIG
  const change = changeOf(context, request)
  const edited = change.edit(ino)
  if (wanted.size !== undefined) resize(context, change, ino, wanted.size)
  if (wanted.mode !== undefined) setMode(context, change, edited, wanted.mode)
  setOwner(change, edited, wanted)
  if (wanted.killPrivileges === true) killPrivileges(change, edited)
  edited.atimeNs = timeOf(wanted.atime, change.nowNs) ?? edited.atimeNs
  edited.mtimeNs = timeOf(wanted.mtime, change.nowNs) ?? edited.mtimeNs
  const ctime = timeOf(wanted.ctime, change.nowNs)
  if (ctime === undefined) change.touch(edited, 'ctime')
  else edited.ctimeNs = ctime
  change.commit(ino)
  return attributesOf(edited)
}

export const touchAccess: Handler<'touchAccess'> = (context, { times }, request) => {
  const change = changeOf(context, request)
  for (const { ino, atimeNs } of times) {
    if (context.tables.inode(ino) !== undefined) change.editUnmarked(ino).atimeNs = atimeNs
  }
  change.commit()
}

// chmod(2) also moves the bits of an access control list.
function setMode(context: HomeContext, change: Change, inode: MutableInode, mode: number): void {
  inode.mode = mode & 0o7777
  const stored = inode.hasXattrs ? context.tables.xattr(inode.ino, ACL_ACCESS) : undefined
  const entries = stored === undefined ? undefined : decodeAcl(stored)
  if (entries !== undefined) change.put(keys.xattrKey(inode.ino, ACL_ACCESS), encodeAcl(aclWithMode(entries, mode)))
}

function setOwner(change: Change, inode: MutableInode, wanted: AttributeChange): void {
  if (wanted.uid === undefined && wanted.gid === undefined) return
  inode.uid = wanted.uid ?? inode.uid
  inode.gid = wanted.gid ?? inode.gid
  killPrivileges(change, inode)
}

function timeOf(time: TimeChange | undefined, nowNs: bigint): bigint | undefined {
  if (time === 'now') return nowNs
  return time === undefined ? undefined : keptTime(time)
}
