import { andThen } from '#base'
import { ERRNO, type HeldLock, isErrno, LOCK_END, type LockRequest, type Reply } from '#storage/fs'
import { INIT, LK_FLOCK, LOCK } from '../codec/flags.ts'
import { BODY, PAYLOAD } from '../codec/header.ts'
import { LK_OUT } from '../codec/replies.ts'
import { LK_IN } from '../codec/requests.ts'
import { type Context, nothing, operation, type Request } from './operation.ts'

/** GETLK: a lock that keeps this one from being had, or the question with "nothing" for its type. */
export const getlk = operation<{ readonly found: HeldLock | undefined; readonly asked: LockRequest }>({
  interruptible: 'dying',
  run: ({ vfs }, request) => {
    const asked = lockOf(request)
    if (asked === undefined) return ERRNO.EINVAL
    return andThen(vfs.getLock(request.ino, asked), found => (isErrno(found) ? found : { found, asked }))
  },
  encode: (_context, { found, asked }, out) => {
    const { from, to, pid } = found ?? asked
    const type = found === undefined ? LOCK.NONE : found.type === 'shared' ? LOCK.READ : LOCK.WRITE
    LK_OUT.write(out, { start: BigInt(from), end: to === LOCK_END ? LOCK.END : BigInt(to) - 1n, type, pid }, PAYLOAD)
    return LK_OUT.size
  },
})

/** SETLK: takes a lock, or gives it up, without waiting. flock(2) comes here, too. */
export const setlk = operation<void>({
  interruptible: 'dying',
  run: ({ vfs }, request) => set(vfs, request, undefined),
  encode: nothing,
})

/** SETLKW: waits for the lock, until any signal comes: programs set a timer to wait no longer. */
export const setlkw = operation<void>({
  interruptible: 'anySignal',
  run: ({ vfs }, request) => set(vfs, request, request.signal),
  encode: nothing,
})

function set(vfs: Context['vfs'], request: Request, wait: AbortSignal | undefined): Reply<void> {
  const lock = lockOf(request)
  return lock === undefined ? ERRNO.EINVAL : vfs.setLock(request.ino, lock, wait)
}

/** True when the kernel leaves locks to us. */
export function keepsLocks({ negotiated }: Context): boolean {
  return (negotiated.flags & INIT.POSIX_LOCKS) !== 0
}

/** The name of who locks: the kernel's number for a process or an open file, another one on each mount. */
export function ownerOf(lockOwner: bigint): string {
  return lockOwner.toString(36)
}

function lockOf({ bytes }: Request): LockRequest | undefined {
  const { fh: handle, owner, start, end, type, pid, lkFlags } = LK_IN.read(bytes, BODY)
  const kind =
    type === LOCK.READ ? 'shared' : type === LOCK.WRITE ? 'exclusive' : type === LOCK.NONE ? 'none' : undefined
  if (kind === undefined || start > end) return undefined
  const way = (lkFlags & LK_FLOCK) === 0 ? 'range' : 'whole'
  const from = start >= LOCK_LAST ? LOCK_END - 1 : Number(start)
  const to = end >= LOCK_LAST ? LOCK_END : Number(end) + 1
  return { way, type: kind, from, to, owner: ownerOf(owner), handle, pid }
}

// No file reaches so far: what lies behind is one byte.
const LOCK_LAST = BigInt(LOCK_END) - 1n
