import { isFault, isLater, isSystemError } from '#base'
import { ERRNO, type Errno } from '../errno.ts'
import type { Reply } from '../vfs.ts'

/** The errno of an error thrown below: what a program is told. A fault that blames its caller is our bug. */
export function errnoOf(error: unknown): Errno {
  if ((isFault(error) && error.status === 507) || isSystemError(error, 'ENOSPC')) return ERRNO.ENOSPC
  if (isSystemError(error) || (isFault(error) && (error.status >= 500 || error.status === 404))) return ERRNO.EIO
  throw error
}

/** How a home says that somebody may not change what he asks for. */
export const REFUSALS: ReadonlySet<Errno> = new Set([ERRNO.EACCES, ERRNO.EPERM, ERRNO.EROFS])

/** The answer of a call; the errno of what it throws. */
export function call<Value>(run: () => Reply<Value>): Reply<Value> {
  try {
    const answer = run()
    return isLater(answer) ? answer.then(undefined, errnoOf) : answer
  } catch (error) {
    return errnoOf(error)
  }
}
