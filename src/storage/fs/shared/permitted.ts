import { ERRNO, type Errno } from '../errno.ts'
import type { HomeContext } from '../home/context.ts'
import type { HomeOperations } from '../operation.ts'
import type { Caller } from '../vfs.ts'
import { type Access, isChange, type RemoteCall } from './protocol.ts'

/**
 * What is done for a machine of what it asks for: as somebody else, or an error. Where it is `squashed`, its root is nobody,
 * who owns what he makes and may change the mode, owner and times of nothing else.
 */
export function permitted(context: HomeContext, access: Access, call: RemoteCall): RemoteCall['input'] | Errno {
  const { kind, input } = call
  if (access === 'full') return input
  if (access === 'readOnly') return isChange(kind) && kind !== 'forget' ? ERRNO.EROFS : input
  if (!('caller' in input) || input.caller === undefined) return input
  const asked = { ...input, caller: squashed(input.caller) }
  const refused = 'change' in asked && input.caller.uid === 0 ? cannotSet(context, asked) : undefined
  return refused ?? asked
}

// chmod(2), chown(2), utimensat(2) and truncate(2) as nobody.
function cannotSet(context: HomeContext, { ino, change }: HomeOperations['setAttributes']['input']): Errno | undefined {
  const inode = context.tables.inode(ino)
  if (inode === undefined) return ERRNO.ENOENT
  const isOwner = inode.uid === NOBODY
  if (change.uid !== undefined && (!isOwner || change.uid !== NOBODY)) return ERRNO.EPERM
  if (isOwner) return undefined
  const times = [change.atime, change.mtime, change.ctime]
  if (change.mode !== undefined || change.gid !== undefined) return ERRNO.EPERM
  if (times.some(time => typeof time === 'bigint')) return ERRNO.EPERM
  return (inode.mode & OTHERS_WRITE) === 0 && !isKilling(change) ? ERRNO.EACCES : undefined
}

// A write takes privileges away, whoever writes.
function isKilling(change: HomeOperations['setAttributes']['input']['change']): boolean {
  return change.killPrivileges === true && change.size === undefined && change.mtime === undefined
}

function squashed(caller: Caller): Caller {
  return { ...caller, uid: caller.uid === 0 ? NOBODY : caller.uid, gid: caller.gid === 0 ? NOBODY : caller.gid }
}

const OTHERS_WRITE = 0o002
const NOBODY = 65_534
