import { ERRNO, isErrno } from '../errno.ts'
import { attributesOf } from '../inode.ts'
import type { DirectoryEntry } from '../vfs.ts'
import { findInode, type Handler } from './context.ts'

export const list: Handler<'list'> = (context, { ino, after, limit }) => {
  const directory = findInode(context, ino)
  if (isErrno(directory)) return directory
  if (directory.kind !== 'directory') return ERRNO.ENOTDIR
  return context.tables.listed(ino, after, limit).map((listed): DirectoryEntry => {
    const inode = context.tables.inode(listed.ino)
    return { ...listed, attributes: inode === undefined ? undefined : attributesOf(inode) }
  })
}

export const readLink: Handler<'readLink'> = (context, { ino }) => {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  return inode.kind === 'symlink' ? inode.target : ERRNO.EINVAL
}
