import { ERRNO, type Errno } from '../errno.ts'
import type { HomeContext } from '../home/context.ts'
import { isMember, lacks, owns, sticks, WANT } from '../home/may.ts'
import type { Inode } from '../inode.ts'
import type { AlsoChanged, HomeOperations, LockOperations } from '../operation.ts'
import type { Caller, DirectoryPlace, Ino } from '../vfs.ts'
import { type Access, isChange, type RemoteCall, type RemoteKind } from './protocol.ts'

/** The session that asks: what it may, and which files it has opened for writing. */
export interface Session {
  readonly access: Access
  mayWrite(ino: Ino): boolean
  wrote(ino: Ino): void
}

type Input<Kind extends keyof HomeOperations> = HomeOperations[Kind]['input']
type Checked = Exclude<RemoteKind, keyof LockOperations>

/**
 * What is done for a machine of what it asks for: with who asks as the home sees him, or an error. What changes is checked as
 * POSIX says against who asks; where it is `squashed`, its root is nobody. What only reads is given to any machine that may mount.
 */
export function permitted(context: HomeContext, session: Session, call: RemoteCall): RemoteCall['input'] | Errno {
  const { kind, input } = call
  const { access } = session
  const isWrite = kind === 'reserve' || (isChange(kind) && kind !== 'forget')
  if (access === 'readOnly' && isWrite) return ERRNO.EROFS
  const check = CHECKS[kind as Checked] as Check<Checked> | undefined
  if (check === undefined) return input
  const asked = 'caller' in input && input.caller !== undefined ? input.caller : ROOT
  const caller = seen(asked, access)
  const opener = 'opener' in input && input.opener !== undefined ? seen(input.opener, access) : caller
  const refused = check({ context, session, caller, opener }, input as Input<Checked>)
  return refused ?? ('caller' in input ? { ...input, caller } : input)
}

/** Somebody of another machine as the home sees him: its root is nobody, unless it may do everything. */
export function seen(caller: Caller, access: Access): Caller {
  if (access === 'full') return caller
  const { uid, gid, groups = [] } = caller
  return {
    ...caller,
    uid: uid === 0 ? NOBODY : uid,
    gid: gid === 0 ? NOBODY : gid,
    groups: groups.filter(group => group !== 0),
  }
}

interface Asking {
  readonly context: HomeContext
  readonly session: Session
  readonly caller: Caller
  /** Who has opened the file that is written to; who asks when nobody is named. */
  readonly opener: Caller
}

type Check<Kind extends Checked> = (asking: Asking, input: Input<Kind>) => Errno | undefined

// What is not here needs no more than that the machine may mount.
const CHECKS: { readonly [Kind in Checked]?: Check<Kind> } = {
  make: (asking, { parent }) => inDirectory(asking, parent),
  makeUnnamed: (asking, { parent }) => inDirectory(asking, parent),
  link: (asking, { parent }) => inDirectory(asking, parent),
  remove: leaving,
  rename: renaming,
  setAttributes: setting,
  write: (asking, { ino, also }) => writing(asking, ino) ?? (also && settingAlso(asking, ino, also)),
  append: (asking, { ino }) => writing(asking, ino),
  clear: (asking, { ino }) => writing(asking, ino),
  copyRange: (asking, { to }) => writing(asking, to.ino),
  setXattr: (asking, { ino, name }) => naming(asking, ino, name),
  removeXattr: (asking, { ino, name }) => naming(asking, ino, name),
  access({ context, caller }, { ino, forWriting }) {
    return of(context, ino, inode => lacks(context, inode, caller, forWriting ? WANT.write : WANT.read))
  },
}

// What is not there the operation itself says.
function of(context: HomeContext, ino: Ino, check: (inode: Inode) => Errno | undefined): Errno | undefined {
  const inode = context.tables.inode(ino)
  return inode === undefined ? undefined : check(inode)
}

function inDirectory({ context, caller }: Asking, ino: Ino): Errno | undefined {
  return of(context, ino, inode => lacks(context, inode, caller, WANT.enterAndWrite))
}

function leaving(asking: Asking, { parent, name }: DirectoryPlace): Errno | undefined {
  const { context, caller } = asking
  const entry = context.tables.entry(parent, name)
  return inDirectory(asking, parent) ?? of(context, parent, inode => sticks(context, inode, caller, entry?.ino))
}

function renaming(asking: Asking, { from, to, mode }: Input<'rename'>): Errno | undefined {
  const { context, caller } = asking
  const refused = leaving(asking, from) ?? leaving(asking, to)
  if (refused !== undefined || from.parent === to.parent) return refused
  const moved = [from, ...(mode === 'exchange' ? [to] : [])].map(({ parent, name }) =>
    context.tables.entry(parent, name),
  )
  // A directory that moves is written to: its `..` leads elsewhere.
  for (const entry of moved) {
    if (entry?.kind !== 'directory') continue
    const fixed = of(context, entry.ino, inode => lacks(context, inode, caller, WANT.write))
    if (fixed !== undefined) return fixed
  }
  return undefined
}

// Who could open the file for writing writes to it for as long as the session lasts, whatever becomes of its mode.
function writing({ context, session, opener }: Asking, ino: Ino): Errno | undefined {
  if (session.mayWrite(ino)) return undefined
  const refused = of(context, ino, inode => lacks(context, inode, opener, WANT.write))
  if (refused === undefined) session.wrote(ino)
  return refused
}

// chmod(2), chown(2), utimensat(2) and truncate(2).
function setting(asking: Asking, { ino, change }: Input<'setAttributes'>): Errno | undefined {
  const { context, caller } = asking
  return of(context, ino, inode => {
    if (caller.uid === 0) return undefined
    const isOwner = owns(inode, caller)
    if (change.uid !== undefined && (!isOwner || change.uid !== inode.uid)) return ERRNO.EPERM
    if (change.gid !== undefined && (!isOwner || !(isMember(caller, change.gid) || change.gid === inode.gid))) {
      return ERRNO.EPERM
    }
    const times = [change.atime, change.mtime, change.ctime]
    if (!isOwner && (change.mode !== undefined || times.some(time => typeof time === 'bigint'))) return ERRNO.EPERM
    // What takes privileges away goes with a write that was checked; a size is cut by who may write.
    const isWrite = change.size !== undefined || (!isOwner && times.includes('now'))
    return isWrite ? writing(asking, ino) : undefined
  })
}

function settingAlso(asking: Asking, ino: Ino, { change, caller }: AlsoChanged): Errno | undefined {
  if (change.size !== undefined) return ERRNO.EINVAL
  return setting({ ...asking, caller: seen(caller, asking.session.access) }, { ino, change })
}

// xattr(7): who may use which name.
function naming({ context, caller }: Asking, ino: Ino, name: string): Errno | undefined {
  return of(context, ino, inode => {
    if (caller.uid === 0) return undefined
    if (name.startsWith('system.')) return owns(inode, caller) ? undefined : ERRNO.EPERM
    if (!name.startsWith('user.')) return ERRNO.EPERM
    if (inode.kind !== 'file' && inode.kind !== 'directory') return ERRNO.EPERM
    if (inode.kind === 'directory' && (inode.mode & S_ISVTX) !== 0 && !owns(inode, caller)) return ERRNO.EPERM
    return lacks(context, inode, caller, WANT.write)
  })
}

const ROOT: Caller = { uid: 0, gid: 0, umask: 0 }
const NOBODY = 65_534
const S_ISVTX = 0o1000
