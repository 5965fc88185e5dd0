import { textOf } from '#base'
import { type Answer, ERRNO, type Errno, errnoName, isErrno, type Reply } from '#storage/fs'
import { mainFault } from '../faults.ts'

/** The value a filesystem answered; its errors become faults that name the path (a byte string). */
export async function done<Value>(reply: Reply<Value>, path: string): Promise<Value> {
  const answer: Answer<Value> = await reply
  if (isErrno(answer)) throw errnoFault(answer, path)
  return answer
}

const LOOK = 'See what is there with `cairn ls -l`.'

/** The fault of an error number at a path. */
export function errnoFault(errno: Errno, path: string): Error {
  const at = textOf(path)
  switch (errno) {
    case ERRNO.ENOENT:
      return mainFault('NotFound', `${at} is not there`, { hint: LOOK })
    case ERRNO.EEXIST:
      return mainFault('Occupied', `${at} is there already`, { hint: 'Choose another name, or remove it first.' })
    case ERRNO.ENOTDIR:
      return mainFault('WrongKind', `${at} is no directory, or something on the way to it is none`, { hint: LOOK })
    case ERRNO.EISDIR:
      return mainFault('WrongKind', `${at} is a directory`, { hint: LOOK })
    case ERRNO.ENOTEMPTY:
      return mainFault('NotEmpty', `${at} is not empty`, { hint: 'Add -r to remove it with all below.' })
    case ERRNO.ELOOP:
      return mainFault('Symlink', `${at} goes through too many symlinks`, { hint: LOOK })
    case ERRNO.ENAMETOOLONG:
      return mainFault('Invalid', `${at} has a name of more than 255 bytes`, { hint: 'Choose a shorter name.' })
    case ERRNO.EROFS:
      return mainFault('Invalid', `${at} is in a snapshot, which never changes`, {
        hint: 'See `cairn fs snapshot --help`, which forgets snapshots and brings files back.',
      })
    case ERRNO.ENOSPC:
      return mainFault('NoSpace', `no space left for ${at}`, { hint: 'Remove something, or give Cairn more disk.' })
    case ERRNO.EDQUOT:
      return mainFault('NoSpace', `the quota of ${at} is used up`, { hint: 'Remove something below that directory.' })
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return mainFault('Filesystem', `${at}: modes and owners do not allow it (${errnoName(errno)})`, {
        hint: 'Root of a machine that is no controller is nobody: `cairn fs access --help` says how to change that.',
      })
    default:
      return mainFault('Filesystem', `${at}: the filesystem answered ${errnoName(errno)}`, {
        hint: 'See `cairn doctor`, and what `cairn up` printed.',
      })
  }
}
