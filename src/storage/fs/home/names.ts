import type { Entry } from '../entry.ts'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import { attributesOf, type Inode, inoOf, ROOT_INO } from '../inode.ts'
import { LINKS_MAX, NAME_BYTES_MAX } from '../limits.ts'
import * as keys from '../keys.ts'
import type { DirectoryPlace, Ino } from '../vfs.ts'
import type { Change } from './change.ts'
import { changeOf, checkName, findDirectory, findInode, type Handler, type HomeContext } from './context.ts'

export const lookup: Handler<'lookup'> = (context, { parent, name }) => {
  if (name.length > NAME_BYTES_MAX) return ERRNO.ENAMETOOLONG
  const directory = findDirectory(context, parent)
  if (isErrno(directory)) return directory
  const ino = name === '..' ? inoOf(directory.parent || ROOT_INO) : context.tables.entry(parent, name)?.ino
  if (ino === undefined) return ERRNO.ENOENT
  const inode = findInode(context, ino)
  return isErrno(inode) ? ERRNO.EIO : attributesOf(inode)
}

export const link: Handler<'link'> = (context, { ino, parent, name }, request) => {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  const place = freePlace(context, { parent, name })
  if (place !== undefined) return place
  if (inode.kind === 'directory') return ERRNO.EPERM
  if (inode.nlink >= LINKS_MAX) return ERRNO.EMLINK
  const directory = context.tables.inode(parent)
  if (directory?.quotaRoot !== inode.quotaRoot) return ERRNO.EXDEV
  const change = changeOf(context, request)
  const edited = change.edit(ino)
  // An unnamed file (O_TMPFILE) gets its first name: it is no orphan any longer.
  if (edited.nlink === 0) change.delete(keys.orphanKey(ino))
  edited.nlink += 1
  change.touch(edited, 'ctime')
  addName(context, change, { parent, name }, { ino, kind: inode.kind })
  change.commit(ino)
  return attributesOf(edited)
}

export const remove: Handler<'remove'> = (context, { parent, name, what }, request) => {
  const directory = findDirectory(context, parent)
  if (isErrno(directory)) return directory
  const entry = context.tables.entry(parent, name)
  if (entry === undefined) return ERRNO.ENOENT
  const refused = cannotRemove(context, entry, what)
  if (refused !== undefined) return refused
  const change = changeOf(context, request)
  change.removeEntry(parent, name, entry)
  const orphan = dropName(change, entry)
  dropFromDirectory(change, parent, entry)
  change.commit(orphan)
  return { orphan }
}

export const rename: Handler<'rename'> = (context, { from, to, mode }, request) => {
  const plan = planRename(context, from, to, mode)
  if (isErrno(plan)) return plan
  if (plan.kind === 'nothing') return { orphan: undefined }
  const change = changeOf(context, request)
  const orphan = plan.kind === 'exchange' ? applyExchange(change, plan) : applyRename(context, change, plan)
  change.commit(orphan)
  return { orphan }
}

/** Puts a name into a directory, counting it there. */
export function addName(
  context: HomeContext,
  change: Change,
  place: DirectoryPlace,
  what: Pick<Entry, 'ino' | 'kind'>,
): void {
  change.addEntry(place.parent, place.name, { ...what, cookie: context.tables.newCookie(0) })
  const directory = change.edit(place.parent)
  directory.entries += 1
  if (what.kind === 'directory') directory.nlink += 1
  change.touch(directory, 'mtime')
}

/** Undefined when a new name can be put there. */
export function freePlace(context: HomeContext, place: DirectoryPlace): Errno | undefined {
  const bad = checkName(place.name)
  if (bad !== undefined) return bad
  const directory = findDirectory(context, place.parent)
  if (isErrno(directory)) return directory
  return context.tables.entry(place.parent, place.name) === undefined ? undefined : ERRNO.EEXIST
}

/** An inode loses one name; answers it when that was the last. */
function dropName(change: Change, entry: Entry): Ino | undefined {
  const inode = change.edit(entry.ino)
  inode.nlink = inode.kind === 'directory' ? 0 : inode.nlink - 1
  change.touch(inode, 'ctime')
  if (inode.nlink > 0) return undefined
  change.put(keys.orphanKey(entry.ino), NOTHING)
  return entry.ino
}

function dropFromDirectory(change: Change, parent: Ino, entry: Entry): void {
  const directory = change.edit(parent)
  directory.entries -= 1
  if (entry.kind === 'directory') directory.nlink -= 1
  change.touch(directory, 'mtime')
}

function cannotRemove(context: HomeContext, entry: Entry, what: 'file' | 'directory'): Errno | undefined {
  if (what === 'file') return entry.kind === 'directory' ? ERRNO.EISDIR : undefined
  if (entry.kind !== 'directory') return ERRNO.ENOTDIR
  const inode = context.tables.inode(entry.ino)
  return inode !== undefined && inode.entries > 0 ? ERRNO.ENOTEMPTY : undefined
}

type RenamePlan =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'exchange'
      readonly from: DirectoryPlace
      readonly to: DirectoryPlace
      readonly source: Entry
      readonly target: Entry
    }
  | {
      readonly kind: 'move'
      readonly from: DirectoryPlace
      readonly to: DirectoryPlace
      readonly source: Entry
      readonly target: Entry | undefined
    }

function planRename(
  context: HomeContext,
  from: DirectoryPlace,
  to: DirectoryPlace,
  mode: 'replace' | 'noReplace' | 'exchange',
): RenamePlan | Errno {
  const bad = checkName(to.name)
  if (bad !== undefined) return bad
  const [fromDirectory, toDirectory] = [findDirectory(context, from.parent), findDirectory(context, to.parent)]
  if (isErrno(fromDirectory)) return fromDirectory
  if (isErrno(toDirectory)) return toDirectory
  const source = context.tables.entry(from.parent, from.name)
  if (source === undefined) return ERRNO.ENOENT
  const target = context.tables.entry(to.parent, to.name)
  if (mode === 'noReplace' && target !== undefined) return ERRNO.EEXIST
  if (mode === 'exchange' && target === undefined) return ERRNO.ENOENT
  if (target !== undefined && target.ino === source.ino) return { kind: 'nothing' }
  const refused =
    crossesQuota(context, source, fromDirectory, toDirectory) ??
    wouldLoop(context, source, to.parent) ??
    (mode === 'exchange' && target !== undefined ? wouldLoop(context, target, from.parent) : undefined)
  if (refused !== undefined) return refused
  if (mode === 'exchange' && target !== undefined) return { kind: 'exchange', from, to, source, target }
  if (target !== undefined) {
    const unfit = cannotReplace(context, source, target)
    if (unfit !== undefined) return unfit
  }
  return { kind: 'move', from, to, source, target }
}

function cannotReplace(context: HomeContext, source: Entry, target: Entry): Errno | undefined {
  if (source.kind === 'directory') return cannotRemove(context, target, 'directory')
  return target.kind === 'directory' ? ERRNO.EISDIR : undefined
}

function crossesQuota(context: HomeContext, source: Entry, from: Inode, to: Inode): Errno | undefined {
  if (from.quotaRoot === to.quotaRoot) return undefined
  const inode = context.tables.inode(source.ino)
  return inode?.quotaRoot === to.quotaRoot ? undefined : ERRNO.EXDEV
}

// A directory must not be moved below itself. Parents are read from the inodes, so the walk is as long as the path.
function wouldLoop(context: HomeContext, moved: Entry, into: Ino): Errno | undefined {
  if (moved.kind !== 'directory') return undefined
  for (let ino: number = into; ino !== ROOT_INO && ino !== 0; ino = context.tables.inode(ino as Ino)?.parent ?? 0) {
    if (ino === moved.ino) return ERRNO.EINVAL
  }
  return undefined
}

function applyRename(
  context: HomeContext,
  change: Change,
  plan: { from: DirectoryPlace; to: DirectoryPlace; source: Entry; target: Entry | undefined },
): Ino | undefined {
  const { from, to, source, target } = plan
  const next = { ...source, cookie: target?.cookie ?? context.tables.newCookie(0) }
  change.removeEntry(from.parent, from.name, source)
  dropFromDirectory(change, from.parent, source)
  let orphan: Ino | undefined
  if (target === undefined) {
    change.addEntry(to.parent, to.name, next)
  } else {
    change.unplace(to.parent, target)
    change.replaceEntry(to.parent, to.name, { old: target, next })
    orphan = dropName(change, target)
    dropFromDirectory(change, to.parent, target)
  }
  const directory = change.edit(to.parent)
  directory.entries += 1
  if (source.kind === 'directory') directory.nlink += 1
  change.touch(directory, 'mtime')
  const moved = change.edit(source.ino)
  change.touch(moved, 'ctime')
  return orphan
}

function applyExchange(
  change: Change,
  plan: { from: DirectoryPlace; to: DirectoryPlace; source: Entry; target: Entry },
): undefined {
  const { from, to, source, target } = plan
  const sides = [
    { place: from, old: source, next: target, away: to },
    { place: to, old: target, next: source, away: from },
  ]
  for (const { place, old } of sides) change.unplace(place.parent, old)
  for (const { place, old, next } of sides) {
    const entry = { ino: next.ino, kind: next.kind, cookie: old.cookie }
    change.replaceEntry(place.parent, place.name, { old, next: entry })
    const directory = change.edit(place.parent)
    if (old.kind === 'directory') directory.nlink -= 1
    if (next.kind === 'directory') directory.nlink += 1
    change.touch(directory, 'mtime')
    const moved = change.edit(next.ino)
    change.touch(moved, 'ctime')
  }
  return undefined
}

const NOTHING = new Uint8Array(0)
