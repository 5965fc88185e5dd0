import { ERRNO, type Errno } from '../errno.ts'
import type { HomeContext } from '../home/context.ts'
import type { Caller } from '../vfs.ts'
import { type Access, isChange, type RemoteCall } from './protocol.ts'

/** What is done for a machine of what it asks for: as somebody else, or EROFS, EPERM. */
export function permitted(_context: HomeContext, access: Access, call: RemoteCall): RemoteCall['input'] | Errno {
  const { kind, input } = call
  if (access === 'full') return input
  if (access === 'readOnly') return isChange(kind) && kind !== 'forget' ? ERRNO.EROFS : input
  return 'caller' in input ? { ...input, caller: squashed(input.caller) } : input
}

/** Root of a machine that is not trusted so far is nobody. */
function squashed(caller: Caller): Caller {
  return { ...caller, uid: caller.uid === 0 ? NOBODY : caller.uid, gid: caller.gid === 0 ? NOBODY : caller.gid }
}

const NOBODY = 65_534
