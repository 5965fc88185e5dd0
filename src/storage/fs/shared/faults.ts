import { defineFaults } from '#base'
import { LEASE_MS } from '../limits.ts'

/** What a session of another machine can meet, beside the answers of the filesystem. */
export const sessionFault = defineFaults({
  /** The home has given the session up: what it had locked, held open or not yet written is gone. */
  SessionLost: { status: 503, retry: 'never' },
  /** The home has begun anew and does not know what the session believes: it is to be resumed. */
  SessionAsleep: { status: 409, retry: 'reread' },
  /** The home's process ends: it is asked again later, perhaps on another machine. */
  HomeCloses: { status: 503, retry: 'later' },
  /** There are as many sessions as there may be. */
  TooManySessions: { status: 429, retry: 'later' },
  /** A change that the session itself has given up meanwhile. */
  Superseded: { status: 409, retry: 'never' },
  /** A machine that has the log does not answer this for the home. */
  NotForStandIn: { status: 403, retry: 'later' },
  /** Its copy of the log lacks what the session was answered. */
  Behind: { status: 503, retry: 'later' },
})

/** Why a call that was under way is not answered. */
export function closes(cause: unknown): Error {
  return sessionFault('HomeCloses', 'the process that serves the filesystem ends', { cause })
}

/** Why a session cannot go on. */
export function lost(session: number): Error {
  return sessionFault('SessionLost', `session ${session} is over: it was not heard of for ${LEASE_MS / 1000} s`)
}
