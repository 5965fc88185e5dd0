import { ERRNO, type Errno, isErrno } from '../errno.ts'
import type { Inode } from '../inode.ts'
import { XATTR_LIST_BYTES_MAX, XATTR_NAME_BYTES_MAX, XATTR_VALUE_BYTES_MAX } from '../limits.ts'
import * as keys from '../keys.ts'
import { ACL_ACCESS, ACL_DEFAULT, decodeAcl, isMinimal, modeOfAcl } from './acl.ts'
import { changeOf, findInode, type Handler, type HomeContext } from './context.ts'

export const getXattr: Handler<'getXattr'> = (context, { ino, name }) => {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  if (!inode.hasXattrs) return ERRNO.ENODATA
  return context.tables.xattr(ino, name) ?? ERRNO.ENODATA
}

export const listXattr: Handler<'listXattr'> = (context, { ino }) => {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  return inode.hasXattrs ? context.tables.xattrs(ino).map(row => keys.nameOfXattrKey(row.key)) : []
}

export const setXattr: Handler<'setXattr'> = (context, { ino, name, value, mode }, request) => {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  const known = inode.hasXattrs && context.tables.xattr(ino, name) !== undefined
  if (mode === 'create' && known) return ERRNO.EEXIST
  if (mode === 'replace' && !known) return ERRNO.ENODATA
  const refused = cannotSet(context, inode, name, value)
  if (refused !== undefined) return refused
  const acl = name === ACL_ACCESS || name === ACL_DEFAULT ? decodeAcl(value) : undefined
  const change = changeOf(context, request)
  const edited = change.edit(ino)
  if (name === ACL_ACCESS && acl !== undefined) edited.mode = (edited.mode & ~0o777) | modeOfAcl(acl)
  // A list that says no more than the mode bits is not kept, as on ext4.
  if (name === ACL_ACCESS && acl !== undefined && isMinimal(acl)) {
    change.delete(keys.xattrKey(ino, name))
  } else {
    change.put(keys.xattrKey(ino, name), Uint8Array.from(value))
    edited.hasXattrs = true
  }
  change.touch(edited, 'ctime')
  change.commit()
}

export const removeXattr: Handler<'removeXattr'> = (context, { ino, name }, request) => {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  const known = inode.hasXattrs && context.tables.xattr(ino, name) !== undefined
  if (!known) return name === ACL_ACCESS || name === ACL_DEFAULT ? undefined : ERRNO.ENODATA
  const change = changeOf(context, request)
  const edited = change.edit(ino)
  change.delete(keys.xattrKey(ino, name))
  edited.hasXattrs = context.tables.xattrs(ino).length > 1
  change.touch(edited, 'ctime')
  change.commit()
}

function cannotSet(context: HomeContext, inode: Inode, name: string, value: Uint8Array): Errno | undefined {
  if (name.length > XATTR_NAME_BYTES_MAX) return ERRNO.ERANGE
  const space = NAMESPACES.find(prefix => name.startsWith(prefix))
  if (space === undefined && name !== ACL_ACCESS && name !== ACL_DEFAULT) return ERRNO.EOPNOTSUPP
  if (space !== undefined && name.length === space.length) return ERRNO.EINVAL
  if (value.byteLength > XATTR_VALUE_BYTES_MAX) return ERRNO.ENOSPC
  if (name === ACL_DEFAULT && inode.kind !== 'directory') return ERRNO.EACCES
  if ((name === ACL_ACCESS || name === ACL_DEFAULT) && decodeAcl(value) === undefined) return ERRNO.EINVAL
  const names = inode.hasXattrs ? context.tables.xattrs(inode.ino) : []
  const listBytes = names.reduce((sum, row) => sum + keys.nameOfXattrKey(row.key).length + 1, name.length + 1)
  return listBytes > XATTR_LIST_BYTES_MAX ? ERRNO.ENOSPC : undefined
}

// xattr(7); system.* holds only the access control lists.
const NAMESPACES = ['user.', 'trusted.', 'security.']
