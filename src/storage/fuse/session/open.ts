import { libc } from '../device/libc.ts'
import { mainPump } from '../device/pump.ts'
import { Session, type SessionEnd, type SessionOptions } from './session.ts'

/** A mount being served. Disposing stops serving after the requests at hand are answered; it does not unmount. */
export interface FuseSession extends AsyncDisposable {
  /** Resolves when the mount is gone or the session was disposed. */
  readonly ended: Promise<SessionEnd>
}

/** Serves a mount from now on, in the main thread of this process. Faults: LibraryMissing. */
export function serveFuse(options: SessionOptions): FuseSession {
  libc().setNonBlocking(options.fd)
  const session = new Session(options)
  const pump = mainPump()
  const ended = session.ended.then(end => {
    pump.remove(session)
    return end
  })
  if (options.resumed === true) session.resend()
  pump.add(session)
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      session.end('closed')
      await ended
      await session.drained()
    },
  }
}
