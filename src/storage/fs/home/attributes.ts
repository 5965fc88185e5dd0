import { ERRNO, isErrno } from '../errno.ts'
import { attributesOf } from '../inode.ts'
import { FILE_BYTES_MAX } from '../limits.ts'
import { applyChange } from './apply-change.ts'
import { changeOf, findFile, findInode, type Handler } from './context.ts'
import { resize } from './content.ts'

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
  applyChange(context, change, edited, wanted)
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
