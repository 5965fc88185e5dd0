import { ERRNO, type Errno, isErrno } from '../errno.ts'
import { attributesOf, type Inode } from '../inode.ts'
import { LINKS_MAX, SYMLINK_BYTES_MAX } from '../limits.ts'
import * as keys from '../keys.ts'
import type { HomeOperations } from '../operation.ts'
import type { Caller, NewNode } from '../vfs.ts'
import { ACL_ACCESS, ACL_DEFAULT, decodeAcl, encodeAcl, inheritAcl, isMinimal } from './acl.ts'
import type { Change } from './change.ts'
import { changeOf, findDirectory, type Handler, type HomeContext } from './context.ts'
import { addName, freePlace } from './names.ts'
import { cannotAdd } from './quotas.ts'

/** True for operations that take a new inode number. */
export function isMaking(kind: keyof HomeOperations): boolean {
  return kind === 'make' || kind === 'makeUnnamed'
}

export const make: Handler<'make'> = (context, { parent, name, node, caller, isDelegated }, request) => {
  const taken = freePlace(context, { parent, name })
  if (taken !== undefined) return taken
  const directory = findDirectory(context, parent)
  if (isErrno(directory)) return directory
  const refused = cannotMake(directory, node) ?? cannotAdd(context, directory.quotaRoot, { bytes: 0, inodes: 1 })
  if (refused !== undefined) return refused
  const change = changeOf(context, request)
  const nlink = node.kind === 'directory' ? 2 : 1
  const inode = addInode(context, change, { directory, node, caller, nlink, isDelegated })
  addName(context, change, { parent, name }, inode)
  change.commit(inode.ino)
  return attributesOf(inode)
}

export const makeUnnamed: Handler<'makeUnnamed'> = (context, { parent, mode, caller }, request) => {
  const directory = findDirectory(context, parent)
  if (isErrno(directory)) return directory
  const full = cannotAdd(context, directory.quotaRoot, { bytes: 0, inodes: 1 })
  if (full !== undefined) return full
  const change = changeOf(context, request)
  const inode = addInode(context, change, { directory, node: { kind: 'file', mode }, caller, nlink: 0 })
  change.put(keys.orphanKey(inode.ino), new Uint8Array(0))
  change.commit(inode.ino)
  return attributesOf(inode)
}

function cannotMake(directory: Inode, node: NewNode): Errno | undefined {
  if (node.kind === 'directory' && directory.nlink >= LINKS_MAX * 1000) return ERRNO.EMLINK
  if (node.kind !== 'symlink') return undefined
  const bytes = node.target?.length ?? 0
  if (bytes === 0) return ERRNO.ENOENT
  return bytes > SYMLINK_BYTES_MAX ? ERRNO.ENAMETOOLONG : undefined
}

interface Birth {
  readonly directory: Inode
  readonly node: NewNode
  readonly caller: Caller
  readonly nlink: number
  readonly isDelegated?: boolean | undefined
}

function addInode(context: HomeContext, change: Change, birth: Birth): Inode {
  const { directory, node, caller, nlink, isDelegated = false } = birth
  const ino = context.tables.inos.take()
  const inherited = inheritedAcl(context, directory, node, caller)
  const fromDirectory = (directory.mode & S_ISGID) !== 0
  const setgid = fromDirectory && node.kind === 'directory' ? S_ISGID : 0
  const inode: Inode = {
    ino,
    kind: node.kind,
    mode: node.kind === 'symlink' ? 0o777 : inherited.mode | setgid,
    uid: caller.uid,
    gid: fromDirectory ? directory.gid : caller.gid,
    nlink,
    rdev: node.rdev ?? 0,
    size: 0,
    atimeNs: change.nowNs,
    mtimeNs: change.nowNs,
    ctimeNs: change.nowNs,
    btimeNs: change.nowNs,
    quotaRoot: directory.quotaRoot,
    parent: 0,
    cookie: 0,
    isLinked: false,
    entries: 0,
    tree: undefined,
    overlayBytes: 0,
    hasXattrs: inherited.lists.length > 0,
    isDelegated: isDelegated && node.kind === 'file',
    target: node.target ?? '',
  }
  for (const [name, value] of inherited.lists) change.put(keys.xattrKey(ino, name), value)
  change.addInode(inode)
  return inode
}

// acl(5): a default list of the directory takes the place of the umask, and a directory hands it on.
function inheritedAcl(
  context: HomeContext,
  directory: Inode,
  node: NewNode,
  caller: Caller,
): { readonly mode: number; readonly lists: readonly (readonly [string, Uint8Array])[] } {
  const stored =
    directory.hasXattrs && node.kind !== 'symlink' ? context.tables.xattr(directory.ino, ACL_DEFAULT) : undefined
  const defaults = stored === undefined ? undefined : decodeAcl(stored)
  if (stored === undefined || defaults === undefined) return { mode: node.mode & ~caller.umask, lists: [] }
  const { access, mode } = inheritAcl(defaults, node.mode)
  const lists: (readonly [string, Uint8Array])[] = []
  if (!isMinimal(access)) lists.push([ACL_ACCESS, encodeAcl(access)])
  if (node.kind === 'directory') lists.push([ACL_DEFAULT, stored])
  return { mode, lists }
}

const S_ISGID = 0o2000
