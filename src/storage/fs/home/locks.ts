import { isErrno } from '../errno.ts'
import type { Handler } from './context.ts'

export const getLock: Handler<'getLock'> = ({ locks }, { ino, lock, session = LOCAL_SESSION }) => {
  const found = locks.conflict(ino, { session, lock })
  if (found === undefined) return {}
  const { session: holder, ...conflict } = found
  // A number of another machine says nothing here.
  return { conflict: holder === session ? conflict : { ...conflict, pid: 0 } }
}

export const setLock: Handler<'setLock'> = ({ locks }, { ino, lock, wait, session = LOCAL_SESSION }) => {
  const answer = locks.set(ino, { session, lock, wait })
  return isErrno(answer) ? answer : { isHeld: answer === 'held' }
}

export const cancelLock: Handler<'cancelLock'> = ({ locks }, { ino, lock, wait, session = LOCAL_SESSION }) => {
  if (wait !== undefined && locks.cancel(session, wait)) return { isHeld: false }
  return { isHeld: locks.covers(ino, { session, lock }) }
}

export const releaseLocks: Handler<'releaseLocks'> = ({ locks }, { ino, holder, session = LOCAL_SESSION }) => {
  locks.release(ino, session, holder)
}

/** The session of the home's own process. */
export const LOCAL_SESSION = 1
