import { Fault, isSystemError } from '#base'
import { ERRNO, type Errno } from '#storage/fs'

/**
 * The errno of something thrown. Faults of other rooms are known by code or HTTP status, system errors by name; all
 * else is a bug or a broken disk: EIO.
 */
export function errnoOfFailure(error: unknown): Errno {
  if (error instanceof Fault) return BY_CODE.get(error.code) ?? BY_STATUS.get(error.status) ?? ERRNO.EIO
  if (isSystemError(error)) return BY_CODE.get(error.code ?? '') ?? ERRNO.EIO
  return ERRNO.EIO
}

const BY_CODE: ReadonlyMap<string, Errno> = new Map([
  ['NoSpace', ERRNO.ENOSPC],
  ['QuotaExceeded', ERRNO.EDQUOT],
  ['ReadOnly', ERRNO.EROFS],
  ['ENOSPC', ERRNO.ENOSPC],
  ['EDQUOT', ERRNO.EDQUOT],
  ['EROFS', ERRNO.EROFS],
])

const BY_STATUS: ReadonlyMap<number, Errno> = new Map([[507, ERRNO.ENOSPC]])
