import { keptTime } from '#base'
import * as keys from '../keys.ts'
import type { AttributeChange, TimeChange } from '../vfs.ts'
import { ACL_ACCESS, aclWithMode, decodeAcl, encodeAcl } from './acl.ts'
import type { Change, MutableInode } from './change.ts'
import type { HomeContext } from './context.ts'
import { killPrivileges } from './privileges.ts'

/** Changes what is wanted of an inode, but for its size. */
export function applyChange(context: HomeContext, change: Change, edited: MutableInode, wanted: AttributeChange): void {
  if (wanted.mode !== undefined) setMode(context, change, edited, wanted.mode)
  setOwner(change, edited, wanted)
  if (wanted.killPrivileges === true) killPrivileges(change, edited)
  edited.atimeNs = timeOf(wanted.atime, change.nowNs) ?? edited.atimeNs
  edited.mtimeNs = timeOf(wanted.mtime, change.nowNs) ?? edited.mtimeNs
  const ctime = timeOf(wanted.ctime, change.nowNs)
  if (ctime === undefined) change.touch(edited, 'ctime')
  else edited.ctimeNs = ctime
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
