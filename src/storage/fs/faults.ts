import { defineFaults, type Fault } from '#base'
import { ERRNO, type Errno } from './errno.ts'

/** What a filesystem's own operations end with, beside the answers of its `vfs`. */
const filesystemFault = defineFaults({
  /** There is no room, or no quota, for what was written before. It is kept, and tried again. */
  NoSpace: { status: 507, retry: 'later' },
  /** The disk failed to take what was written before. */
  Io: { status: 500, retry: 'never' },
})

/** The fault for writes that could not be brought to the home. */
export function unsettled(errno: Errno): Fault {
  if (errno === ERRNO.ENOSPC || errno === ERRNO.EDQUOT) {
    return filesystemFault('NoSpace', 'there is no space for what was written', {
      hint: 'Delete files or snapshots, add a disk, or raise the quota.',
    })
  }
  return filesystemFault('Io', 'what was written could not be kept', {
    hint: 'Look at the kernel log for errors of this disk, then start Cairn again.',
  })
}
