import { andThen } from '#base'
import { isErrno } from '../errno.ts'
import { isWholeChunk } from '../extent.ts'
import type { HomeLink, HomeOperations } from '../operation.ts'
import type { Ino, Reply } from '../vfs.ts'

/** copy_file_range(2) of what is at the home, or of the beginning of it. */
export function copyRange(
  call: HomeLink['call'],
  { from, to, bytes }: HomeOperations['copyRange']['input'],
): Reply<{ readonly bytes: number }> {
  const sealed = bytes >= SEAL_BEFORE_COPY_BYTES ? sealCheaply(call, from.ino) : undefined
  return andThen(sealed, failed =>
    isErrno(failed) ? failed : call('copyRange', { from, to, bytes: Math.min(bytes, COPY_BYTES_MAX) }),
  )
}

// A sealed file is copied by its root. Where sealing would store much anew, its extents are shared one by one.
function sealCheaply(call: HomeLink['call'], ino: Ino): Reply<void> {
  return andThen(call('content', { ino }), content =>
    isErrno(content) || !Array.from(content.extents).every(isWholeChunk) ? undefined : call('seal', { ino }),
  )
}

const SEAL_BEFORE_COPY_BYTES = 4 * 2 ** 20
// The answer's size field has 32 bits (struct fuse_write_out).
const COPY_BYTES_MAX = 2 ** 31
