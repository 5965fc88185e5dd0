import { ERRNO, type Errno } from '../errno.ts'
import type { Inode } from '../inode.ts'
import type { Caller, Ino } from '../vfs.ts'
import { ACL_ACCESS, type AclEntry, decodeAcl, TAG } from './acl.ts'
import type { HomeContext } from './context.ts'

/** What somebody wants to do with a file or directory: permission bits. */
export const WANT = { execute: 1, write: 2, read: 4, enterAndWrite: 3 } as const

/** EACCES unless the caller has all of the permissions (path_resolution(7), acl(5)). Root has all. */
export function lacks(context: HomeContext, inode: Inode, caller: Caller, want: number): Errno | undefined {
  if (caller.uid === 0) return undefined
  const stored = inode.hasXattrs ? context.tables.xattr(inode.ino, ACL_ACCESS) : undefined
  const list = stored === undefined ? undefined : decodeAcl(stored)
  const granted = list === undefined ? byMode(inode, caller) : byList(list, inode, { caller, want })
  return (granted & want) === want ? undefined : ERRNO.EACCES
}

/** The permission bits that the mode of a file gives somebody. */
export function byMode({ mode, uid, gid }: Pick<Inode, 'mode' | 'uid' | 'gid'>, caller: Caller): number {
  if (caller.uid === uid) return (mode >> 6) & 7
  return isMember(caller, gid) ? (mode >> 3) & 7 : mode & 7
}

/** True for the owner of a file, and for root. */
export function owns({ uid }: Pick<Inode, 'uid'>, caller: Caller): boolean {
  return caller.uid === 0 || caller.uid === uid
}

/** EPERM when a name in a directory with the sticky bit belongs to others, as does the directory. */
export function sticks(
  context: HomeContext,
  directory: Inode,
  caller: Caller,
  ino: Ino | undefined,
): Errno | undefined {
  if ((directory.mode & S_ISVTX) === 0 || owns(directory, caller)) return undefined
  const inode = ino === undefined ? undefined : context.tables.inode(ino)
  return inode === undefined || owns(inode, caller) ? undefined : ERRNO.EPERM
}

/** True when somebody is in a group. */
export function isMember({ gid, groups }: Caller, group: number): boolean {
  return gid === group || groups?.includes(group) === true
}

// posix_acl_permission() of the kernel: the first entry that is about the caller decides, of groups any that grants it all.
function byList(list: readonly AclEntry[], inode: Inode, { caller, want }: { caller: Caller; want: number }): number {
  const perm = (tag: number) => list.find(entry => entry.tag === tag)?.perm ?? 0
  const mask = list.find(entry => entry.tag === TAG.MASK)?.perm ?? 7
  if (caller.uid === inode.uid) return perm(TAG.USER_OBJ)
  const user = list.find(entry => entry.tag === TAG.USER && entry.id === caller.uid)
  if (user !== undefined) return user.perm & mask
  const groups = list.filter(
    ({ tag, id }) =>
      (tag === TAG.GROUP_OBJ && isMember(caller, inode.gid)) || (tag === TAG.GROUP && isMember(caller, id)),
  )
  if (groups.length === 0) return perm(TAG.OTHER)
  return groups.some(entry => (entry.perm & mask & want) === want) ? want : 0
}

const S_ISVTX = 0o1000
