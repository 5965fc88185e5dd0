import { beU64, bytesOf, byteString, readBeU64 } from '#base'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import * as keys from '../keys.ts'
import { encodeQuota, fits, type Quota } from '../quota.ts'
import type { Ino } from '../vfs.ts'
import { pathOf } from './path-of.ts'
import { changeOf, findDirectory, findInode, type Handler, type HomeContext } from './context.ts'

/** EDQUOT when a quota root has no room for more. */
export function cannotAdd(
  context: HomeContext,
  quotaRoot: number,
  more: { readonly bytes: number; readonly inodes: number },
): Errno | undefined {
  const quota = quotaRoot === 0 ? undefined : context.tables.quota(quotaRoot)
  return quota === undefined || fits(quota, more) ? undefined : ERRNO.EDQUOT
}

/**
 * Sets the limits of a directory. It becomes a quota root the first time, and must be empty then, because files inherit
 * the root's id only when they are made.
 */
export const setQuota: Handler<'setQuota'> = (context, { ino, bytesMax, inodesMax }, request) => {
  const directory = findDirectory(context, ino)
  if (isErrno(directory)) return directory
  const known = context.tables.quota(directory.quotaRoot)
  const change = changeOf(context, request)
  if (known?.ino === ino) {
    change.put(keys.quotaKey(known.id), encodeQuota({ ...known, bytesMax, inodesMax }))
    change.commit()
    return { ...known, bytesMax, inodesMax }
  }
  if (directory.entries > 0) return ERRNO.ENOTEMPTY
  const id = nextQuotaId(context)
  const quota: Quota = { id, ino, bytesMax, inodesMax, bytesUsed: 0, inodesUsed: 0 }
  change.put(keys.NEXT_QUOTA_KEY, bytesOf(beU64(id + 1)))
  change.put(keys.quotaKey(id), encodeQuota(quota))
  change.edit(ino).quotaRoot = id
  change.commit()
  return context.tables.quota(id) ?? ERRNO.EIO
}

/** Every quota that limits or counts something. */
export const quotas: Handler<'quotas'> = ({ tables }) =>
  tables.scan(keys.QUOTA_PREFIX).flatMap(({ key }) => {
    const quota = tables.quota(keys.idOfQuotaKey(key))
    return quota === undefined ? [] : [{ ...quota, path: pathOf(tables, quota.ino) }]
  })

/** The quota an inode counts against. */
export const quotaOf: Handler<'quotaOf'> = (context, { ino }) => {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  return { quota: inode.quotaRoot === 0 ? undefined : context.tables.quota(inode.quotaRoot) }
}

/** Removes the limits of a directory; what lies below still shares its id. */
export const removeQuota: Handler<'removeQuota'> = (context, { ino }: { readonly ino: Ino }, request) => {
  const directory = findDirectory(context, ino)
  if (isErrno(directory)) return directory
  const known = context.tables.quota(directory.quotaRoot)
  if (known?.ino !== ino) return ERRNO.ENODATA
  const change = changeOf(context, request)
  change.put(keys.quotaKey(known.id), encodeQuota({ ...known, bytesMax: undefined, inodesMax: undefined }))
  change.commit()
}

function nextQuotaId(context: HomeContext): number {
  const row = context.tables.keyspace.get(keys.NEXT_QUOTA_KEY)
  return row === undefined ? 1 : readBeU64(byteString(row.value))
}
