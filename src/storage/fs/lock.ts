import { assert } from '#base'
import type { Ino } from './vfs.ts'

/** Who may hold a lock beside its holder: any who also read (`shared`), or nobody. `none` gives up. */
export type LockType = 'shared' | 'exclusive' | 'none'

/** fcntl(2) locks a range of a file for its process or open file description, flock(2) the whole file for the latter. */
export type LockWay = 'range' | 'whole'

/** The end of a range that has none. */
export const LOCK_END = Number.MAX_SAFE_INTEGER

/** A lock as it is asked for. */
export interface LockRequest {
  readonly way: LockWay
  readonly type: LockType
  /** Bytes of the file: `[from, to)`; of `whole` all of them. */
  readonly from: number
  readonly to: number
  /** Who holds it, as the kernel names processes and open file descriptions; different on each mount. */
  readonly owner: string
  /** The open of a file that it was asked for through: with its last descriptor the lock goes. */
  readonly handle: number
  /** Process number, on its machine. */
  readonly pid: number
}

/** A lock that is held. */
export interface HeldLock extends LockRequest {
  readonly type: Exclude<LockType, 'none'>
}

/** A lock and the file it is on. */
export interface PlacedLock extends HeldLock {
  readonly ino: Ino
}

/** Which locks of a file go together: of an owner, or of an open. */
export type LockHolder = { readonly owner: string } | { readonly handle: number }

/** True when a lock belongs to the holder. A process gives up all its ranges when it closes the file, but no `whole`. */
export function isOf(lock: LockRequest, holder: LockHolder): boolean {
  return 'owner' in holder ? lock.owner === holder.owner && lock.way === 'range' : lock.handle === holder.handle
}

/** True when both cannot be held by two owners. */
export function excludes(one: LockRequest, other: LockRequest): boolean {
  return one.way === other.way && overlaps(one, other) && (one.type === 'exclusive' || other.type === 'exclusive')
}

/** True when they have a byte in common. */
export function overlaps(one: LockRequest, other: LockRequest): boolean {
  return one.from < other.to && other.from < one.to
}

/** What an owner holds once it has set a lock, from what it held: ranges are split and joined as fcntl(2) does. */
export function withLock(held: readonly HeldLock[], lock: LockRequest): HeldLock[] {
  assert(lock.from < lock.to, 'a lock has a length')
  const rest = held.flatMap(each => (overlaps(each, lock) && each.way === lock.way ? without(each, lock) : [each]))
  if (lock.type === 'none') return rest
  let joined: HeldLock = { ...lock, type: lock.type }
  const apart: HeldLock[] = []
  for (const each of rest) {
    if (touches(each, joined))
      joined = { ...joined, from: Math.min(each.from, joined.from), to: Math.max(each.to, joined.to) }
    else apart.push(each)
  }
  return [...apart, joined]
}

function without(held: HeldLock, gone: LockRequest): HeldLock[] {
  return [
    ...(held.from < gone.from ? [{ ...held, to: gone.from }] : []),
    ...(gone.to < held.to ? [{ ...held, from: gone.to }] : []),
  ]
}

function touches(one: HeldLock, other: HeldLock): boolean {
  return (
    one.way === other.way &&
    one.type === other.type &&
    one.handle === other.handle &&
    one.from <= other.to &&
    other.from <= one.to
  )
}
