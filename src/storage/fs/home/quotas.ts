import { andThen, beU64, bytesOf, byteString, readBeU64 } from '#base'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import * as keys from '../keys.ts'
import { encodeQuota, fits, isLimited, type Quota, WHOLE_ID } from '../quota.ts'
import { ROOT_INO } from '../inode.ts'
import type { QuotaLimits, Room, RoomAsked } from '../operation.ts'
import type { Answer, Ino, Reply } from '../vfs.ts'
import type { Change } from './change.ts'
import type { RequestName } from './result.ts'
import { pathOf } from './path-of.ts'
import { LOCAL_SESSION } from './locks.ts'
import { changeOf, findDirectory, findInode, type Handler, type HomeContext } from './context.ts'

/** EDQUOT when a quota root, or the whole filesystem, has no room for more beside what is promised. */
export function cannotAdd(
  context: HomeContext,
  quotaRoot: number,
  more: { readonly bytes: number; readonly inodes: number },
): Errno | undefined {
  const isFit = quotasOf(context, quotaRoot).every(quota => {
    const bytes = more.bytes <= 0 ? 0 : more.bytes + context.rooms.promised(quota.id)
    return fits(quota, { ...more, bytes })
  })
  return isFit ? undefined : ERRNO.EDQUOT
}

/** What an inode counts against. */
export function quotasOf({ tables }: HomeContext, quotaRoot: number): readonly Quota[] {
  const quota = quotaRoot === 0 ? undefined : tables.quota(quotaRoot)
  return quota === undefined ? [tables.whole] : [quota, tables.whole]
}

/** Does it again when it finds no room and others may have been promised some that they do not need. */
export function withRoom<Value>({ rooms }: HomeContext, run: () => Reply<Value>): Reply<Value> {
  return andThen(run(), answer => {
    const recalled = answer === ERRNO.EDQUOT && rooms.isAny ? rooms.onRecall() : undefined
    return recalled === undefined ? answer : recalled.then(run)
  })
}

/** Promises room for what a session is going to write, or takes back what it does not need. */
export const reserve: Handler<'reserve'> = (context, { rooms, session = LOCAL_SESSION }) => {
  const reserveAll = (): Answer<readonly Room[]> => {
    const found = rooms.map(asked => reserveOne(context, session, asked))
    return found.some(({ isEnough }) => !isEnough) ? ERRNO.EDQUOT : found.flatMap(({ room }) => room ?? [])
  }
  return withRoom(context, reserveAll)
}

function reserveOne({ tables, rooms }: HomeContext, session: number, { id, ...asked }: RoomAsked) {
  const quota = id === WHOLE_ID ? tables.whole : tables.quota(id)
  if (quota?.bytesMax === undefined) return { isEnough: true }
  const room = rooms.reserve(quota, session, asked)
  return { room, isEnough: room.bytes >= Math.min(asked.least, asked.most) }
}

/**
 * Sets the limits of a directory. It becomes a quota root the first time, and must be empty then, because files inherit
 * the root's id only when they are made. Those of the root directory are of the whole filesystem, which is always counted:
 * they may be set at any time, but not below what it holds (EDQUOT).
 */
export const setQuota: Handler<'setQuota'> = (context, { ino, bytesMax, inodesMax }, request) => {
  if (ino === ROOT_INO) return limitWhole(context, { bytesMax, inodesMax }, request)
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

function limitWhole(context: HomeContext, limits: QuotaLimits, request: RequestName | undefined): Quota | Errno {
  const { tables } = context
  const { bytesUsed, inodesUsed } = tables.whole
  if ((limits.bytesMax ?? bytesUsed) < bytesUsed || (limits.inodesMax ?? inodesUsed) < inodesUsed) return ERRNO.EDQUOT
  const change = changeOf(context, request)
  liftOlder(context, change)
  change.limitWhole(limits)
  change.commit()
  return tables.whole
}

// The root directory was a quota root like any other before all was counted.
function liftOlder({ tables }: HomeContext, change: Change): void {
  const older = tables.quota(tables.inode(ROOT_INO)?.quotaRoot ?? 0)
  if (older?.ino === ROOT_INO && isLimited(older)) {
    change.put(keys.quotaKey(older.id), encodeQuota({ ...older, bytesMax: undefined, inodesMax: undefined }))
  }
}

/** What the whole filesystem holds, and may. */
export const whole: Handler<'whole'> = ({ tables }) => tables.whole

/** Every quota that limits or counts something. */
export const quotas: Handler<'quotas'> = ({ tables }) => {
  const all = tables.scan(keys.QUOTA_PREFIX).map(({ key }) => tables.quota(keys.idOfQuotaKey(key)))
  const shown = [isLimited(tables.whole) ? tables.whole : undefined, ...all.filter(each => each?.ino !== ROOT_INO)]
  return shown.flatMap(quota => (quota === undefined ? [] : [{ ...quota, path: pathOf(tables, quota.ino) }]))
}

/** The limits an inode counts against. */
export const limitsOf: Handler<'limitsOf'> = (context, { ino }) => {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  const { tables } = context
  const nearest = inode.quotaRoot === 0 ? undefined : tables.quota(inode.quotaRoot)
  if (nearest === undefined) return isLimited(tables.whole) ? [tables.whole] : NO_LIMITS
  return [nearest, tables.whole].filter(isLimited)
}

const NO_LIMITS: readonly Quota[] = []

/** Removes the limits of a directory; what lies below still shares its id. */
export const removeQuota: Handler<'removeQuota'> = (context, { ino }: { readonly ino: Ino }, request) => {
  if (ino === ROOT_INO) return liftWhole(context, request)
  const directory = findDirectory(context, ino)
  if (isErrno(directory)) return directory
  const known = context.tables.quota(directory.quotaRoot)
  if (known?.ino !== ino) return ERRNO.ENODATA
  const change = changeOf(context, request)
  change.put(keys.quotaKey(known.id), encodeQuota({ ...known, bytesMax: undefined, inodesMax: undefined }))
  change.commit()
}

function liftWhole(context: HomeContext, request: RequestName | undefined): Errno | undefined {
  if (!isLimited(context.tables.whole)) return ERRNO.ENODATA
  const lifted = limitWhole(context, { bytesMax: undefined, inodesMax: undefined }, request)
  return isErrno(lifted) ? lifted : undefined
}

function nextQuotaId(context: HomeContext): number {
  const row = context.tables.keyspace.get(keys.NEXT_QUOTA_KEY)
  return row === undefined ? 1 : readBeU64(byteString(row.value))
}
