import type { Ino } from '#storage/fs'
import { fault } from '../faults.ts'
import { libc } from '../device/libc.ts'
import type { IdPairs } from '../id-map.ts'
import { mainPump } from '../device/pump.ts'
import { canResume } from './negotiate.ts'
import { Session, type SessionEnd, type SessionOptions } from './session.ts'

/** A mount being served. Disposing stops serving after the requests at hand are answered; it does not unmount. */
export interface FuseSession extends AsyncDisposable {
  /** Resolves when the mount is gone or the session was disposed. */
  readonly ended: Promise<SessionEnd>
  /** True when the kernel may hold the inode: an unlinked file must stay then. */
  mayHold(ino: Ino): boolean
  /** From now on users and groups of this machine are these in the filesystem. */
  mapIds(pairs: IdPairs): void
  /** Resolves when the kernel has been told of every change made elsewhere so far; while it hangs, not at all. Undefined when it has. */
  told(): Promise<void> | undefined
}

/** Serves a mount from now on, in the main thread of this process. Faults: LibraryMissing, CannotResume. */
export function serveFuse(options: SessionOptions): FuseSession {
  const { resumed = false, negotiated } = options
  if (resumed && negotiated !== undefined && !canResume(negotiated)) {
    throw fault('CannotResume', 'this kernel cannot send requests again to a new server', {
      hint: 'Unmount and mount again, or use Linux 6.9 or newer.',
    })
  }
  libc().setNonBlocking(options.fd)
  const pump = mainPump()
  const session = new Session({ ...options, onAnswered: () => pump.answered() })
  const ended = session.ended.then(end => {
    pump.remove(session)
    return end
  })
  if (resumed) session.resend()
  pump.add(session)
  return {
    ended,
    mayHold: ino => session.mayHold(ino),
    mapIds: pairs => session.mapIds(pairs),
    told: () => session.told(),
    [Symbol.asyncDispose]: async () => {
      session.end('closed')
      await ended
      await session.drained()
    },
  }
}
